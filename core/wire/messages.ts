/**
 * What travels over MQTT, as schemas that both sides use. Members may be added; a reader ignores
 * what it does not know, so that old devices and new backends go on talking.
 */
import { z } from 'zod';
import { thingNamePattern } from './topics.js';

export const thingName = z
  .string()
  .regex(thingNamePattern, 'letters, digits, - and _ only, 1 to 128 of them');
const messageId = z.string().regex(/^[0-9A-Za-z-]{8,64}$/);
const deviceTime = z.iso.datetime({ offset: false }).describe('UTC, ISO 8601 with milliseconds');

/** Click types as AWS IoT 1-Click names them. */
export const clickType = z.enum(['SINGLE', 'DOUBLE', 'LONG']);
export type ClickType = z.infer<typeof clickType>;

export const clickMessage = z.object({
  v: z.literal(1),
  /** Given once on the device and kept over every retry: the key that makes a click act once. */
  id: messageId,
  /** Rises with every event of this device over its whole life; gaps show loss, or that it lost power. */
  seq: z.int().nonnegative(),
  deviceTime,
  /** False when the device's clock was not known to be synchronised at that time. */
  clockSynced: z.boolean().optional(),
  /** The button's name in the agent's configuration. */
  button: z.string().min(1).max(128),
  clickType,
});
export type ClickMessage = z.infer<typeof clickMessage>;

/** Units as SenML registers them (RFC 8428, section 12.1). */
export const senmlUnit = z.enum([
  'Cel',
  'Pa',
  '%RH',
  'V',
  'A',
  'W',
  'm',
  '%',
  '%EL',
  'count',
  'lx',
  'm/s2',
  'rad/s',
  'rad',
]);
export type SenmlUnit = z.infer<typeof senmlUnit>;

export const reading = z.object({
  /** `sensor.quantity`, for instance `room.temperature`. */
  series: z
    .string()
    .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/)
    .max(128),
  unit: senmlUnit,
  /** Always finite: a failed measurement is a gap, never a zero. */
  value: z.number(),
  deviceTime,
});
export type Reading = z.infer<typeof reading>;

export const telemetryMessage = z.object({
  v: z.literal(1),
  id: messageId,
  seq: z.int().nonnegative(),
  clockSynced: z.boolean().optional(),
  readings: z.array(reading).min(1).max(500),
});
export type TelemetryMessage = z.infer<typeof telemetryMessage>;

/** Retained; the last will is the same message with `online: false`. */
export const statusMessage = z.object({
  v: z.literal(1),
  online: z.boolean(),
  version: z.string().max(64).optional(),
  startedAt: deviceTime.optional(),
  /** How lines and buses are reached: `chardev`, `onoff`, `i2c-bus`, `simulated`. */
  gpioRoute: z.string().max(32).optional(),
  i2cRoute: z.string().max(32).optional(),
  /** The buttons this agent watches, and whether each line is simulated (and may be pressed remotely). */
  buttons: z
    .array(z.object({ name: z.string(), simulated: z.boolean() }))
    .max(64)
    .optional(),
  /** Its outputs, and what each is switched to. */
  outputs: z
    .array(z.object({ name: z.string(), on: z.boolean() }))
    .max(64)
    .optional(),
});
export type StatusMessage = z.infer<typeof statusMessage>;

export const outputName = z.string().min(1).max(128);
export const outputAction = z.enum(['on', 'off', 'pulse']);
export type OutputAction = z.infer<typeof outputAction>;
export const pulseMs = z.int().min(1).max(3_600_000);

/** What a shadow holds under `desired.outputs.NAME`. A pulse runs once for each id. */
export const desiredOutput = z.union([
  z.enum(['on', 'off']),
  z.strictObject({ pulse: pulseMs.optional(), id: messageId }),
]);

/**
 * From the cloud to a device. `press` moves a simulated line as an electrical edge would, `output`
 * switches a lamp, a buzzer or a relay.
 */
export const commandMessage = z.discriminatedUnion('command', [
  z.object({
    v: z.literal(1),
    id: messageId,
    command: z.literal('press'),
    button: z.string().min(1).max(128),
    pattern: clickType,
  }),
  z.object({
    v: z.literal(1),
    /** Kept over restarts of the device: what carries the same id runs once. */
    id: messageId,
    command: z.literal('output'),
    output: outputName,
    action: outputAction,
    /** Of a pulse; as configured on the device unless told. */
    pulseMs: pulseMs.optional(),
  }),
]);
export type CommandMessage = z.infer<typeof commandMessage>;

/** From the cloud to a device: what became of a click; for LEDs and buzzers. */
export const feedbackMessage = z.object({
  v: z.literal(1),
  id: messageId,
  outcome: z.enum(['stored', 'delivered', 'failed']),
});
export type FeedbackMessage = z.infer<typeof feedbackMessage>;

/** Body of `POST /provision` on the provisioning port (HTTPS, private CA). */
export const provisionRequest = z.strictObject({
  /** The one-time secret part of the claim token. */
  claimSecret: z.string().min(16).max(128),
  /** PKCS #10 request in PEM; its key never leaves the device. */
  certificateSigningRequest: z.string().max(16_384),
});
export type ProvisionRequest = z.infer<typeof provisionRequest>;

export const provisionResponse = z.object({
  thingName,
  /** SHA-256 of the certificate in DER, 64 hex digits, as AWS IoT Core names certificates. */
  certificateId: z.string().regex(/^[0-9a-f]{64}$/),
  certificatePem: z.string(),
  caPem: z.string(),
  mqttHost: z.string(),
  mqttPort: z.int().min(1).max(65_535),
});
export type ProvisionResponse = z.infer<typeof provisionResponse>;
