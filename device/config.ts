/** The agent's configuration: strict, every key with its unit and default. Times are milliseconds. */
import { z } from 'zod';
import { Secret } from '../core/secret.js';
import { canonicalPin } from '../hardware/pin-name.js';
import { feedback, type OutputConfig, output } from './outputs/output-config.js';
import { linePin } from './pin-config.js';
import { roverConfig } from './rover/config.js';
import { sensor } from './sensor-config.js';

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _ only, 1 to 64 of them');

const button = z.strictObject({
  name: name.describe('Name of the button, as clicks carry it'),
  pin: linePin,
  activeLow: z.boolean().default(true).describe('True when the pressed button pulls the line to ground'),
  bias: z
    .enum(['pull-up', 'pull-down', 'none'])
    .optional()
    .describe('Pull resistor; the one that keeps the open button inactive, where the route can switch it'),
  filterMs: z
    .number()
    .min(0)
    .max(50)
    .default(0)
    .describe('Pulses that the kernel filters out, ms, for long cables; delays each press; chardev only'),
  debounceMs: z.int().min(1).max(100).default(10).describe('Lock-out after a change, ms'),
  doubleMs: z.int().min(150).max(2_000).default(300).describe('Longest pause within a double click, ms'),
  longMs: z.int().min(300).max(60_000).default(1_500).describe('Hold that makes a long click, ms'),
  double: z.boolean().default(true).describe('False: a single click is reported at once, never a double'),
  long: z.boolean().default(true).describe('False: a hold is a single click'),
  feedback: z.array(feedback).max(8).default([]).describe('Outputs that show what becomes of a press'),
});
export type ButtonConfig = z.output<typeof button>;

const identity = z
  .strictObject({
    claimToken: z
      .string()
      .transform((text) => new Secret(text))
      .optional()
      .describe('Claim token of this device; needed until it has its certificate'),
    claimTokenFile: z.string().min(1).optional().describe('File that holds the claim token'),
    claimOnPress: z
      .boolean()
      .optional()
      .describe('Wait for a press of a button before the first claim, so that a person stands by'),
  })
  .refine((value) => value.claimToken === undefined || value.claimTokenFile === undefined, {
    message: 'give claimToken or claimTokenFile, not both',
  });

const mqtt = z.strictObject({
  protocol: z
    .enum(['3.1.1', '5'])
    .default('3.1.1')
    .describe('MQTT version; the embedded broker speaks 3.1.1'),
  transport: z
    .enum(['auto', 'aws-crt', 'mqtt'])
    .default('auto')
    .describe('MQTT library; auto takes aws-crt where it has a binary for this machine, else mqtt'),
  host: z.string().min(1).optional().describe('Broker host; the one learnt at provisioning unless given'),
  port: z.int().min(1).max(65_535).optional().describe('Broker port; learnt at provisioning unless given'),
  keepAliveSeconds: z.int().min(5).max(1_200).default(30).describe('Silence until a PING is sent, seconds'),
});

const update = z.strictObject({
  publicKeyFile: z
    .string()
    .min(1)
    .optional()
    .describe('Ed25519 public key that releases must be signed with; without it, updates are refused'),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe('Where releases are installed; the folder "install" in dataDir unless given'),
});

const outbox = z.strictObject({
  maxRows: z
    .int()
    .min(100)
    .default(100_000)
    .describe('Messages kept; beyond, the oldest telemetry is dropped'),
  maxBytes: z
    .int()
    .min(65_536)
    .default(64 * 1_024 ** 2)
    .describe('Message bytes kept, likewise'),
  maxAgeMs: z
    .int()
    .min(60_000)
    .default(30 * 86_400_000)
    .describe('Telemetry older than this is dropped, ms; presses are kept for ever'),
  telemetryDelayMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(10_000)
    .describe('Telemetry that was not acknowledged by then is written to disk, ms; 0 writes all at once'),
});

export const agentConfig = z
  .strictObject({
    dataDir: z.string().min(1).describe('Folder of this agent alone: identity, outbox, lock'),
    identity: identity.prefault({}).describe('How it gets its certificate'),
    gpio: z
      .strictObject({
        route: z
          .enum(['auto', 'chardev', 'onoff', 'simulated'])
          .default('auto')
          .describe('How lines are reached; auto simulates where there is no board'),
      })
      .prefault({})
      .describe('Lines'),
    i2c: z
      .strictObject({
        route: z.enum(['auto', 'i2c-bus', 'simulated']).default('auto').describe('How the bus is reached'),
        bus: z.int().min(0).max(63).default(1).describe('The N of /dev/i2c-N'),
      })
      .prefault({})
      .describe('The bus that sensors are on'),
    buttons: z.array(button).max(64).default([]).describe('Buttons on lines of this device'),
    outputs: z
      .array(output)
      .max(32)
      .default([])
      .describe('Lamps, buzzers and relays on lines of this device'),
    sensors: z.array(sensor).max(32).default([]).describe('Sensors of this device'),
    mqtt: mqtt.prefault({}).describe('The way to the broker'),
    update: update.prefault({}).describe('Updates by job, under "gatehouse agent supervise"'),
    outbox: outbox.prefault({}).describe('What is kept until the broker has it'),
    rover: roverConfig.optional().describe('A buggy, for `gatehouse rover drive`; see docs/rover.md'),
  })
  .superRefine(({ buttons, outputs, sensors }, context) => {
    const unique = (path: 'buttons' | 'outputs' | 'sensors', key: string, values: readonly string[]) => {
      for (const [index, value] of values.entries()) {
        if (values.indexOf(value) === index) continue;
        context.addIssue({ code: 'custom', path: [path, index, key], message: `"${value}" is used twice` });
      }
    };
    unique(
      'buttons',
      'name',
      buttons.map((entry) => entry.name),
    );
    unique(
      'buttons',
      'pin',
      buttons.map((entry) => canonicalPin(entry.pin)),
    );
    unique(
      'outputs',
      'name',
      outputs.map((entry) => entry.name),
    );
    checkOutputs(buttons, outputs, context);
    unique(
      'sensors',
      'name',
      sensors.map((entry) => entry.name),
    );
    // Their default may be another's; lines are refused when they are opened twice.
    unique(
      'sensors',
      'address',
      sensors.map(({ address }, index) =>
        address === undefined ? `none ${index}` : `0x${address.toString(16)}`,
      ),
    );
  });

/** As checked, with every default filled in. */
export type AgentConfig = z.output<typeof agentConfig>;

/** A line serves one thing, and feedback names outputs that there are. */
function checkOutputs(
  buttons: readonly ButtonConfig[],
  outputs: readonly OutputConfig[],
  context: z.RefinementCtx,
): void {
  const taken = new Set(buttons.map(({ pin }) => canonicalPin(pin)));
  for (const [index, { pin }] of outputs.entries()) {
    const line = canonicalPin(pin);
    if (taken.has(line)) {
      context.addIssue({
        code: 'custom',
        path: ['outputs', index, 'pin'],
        message: `"${pin}" is used twice`,
      });
    }
    taken.add(line);
  }
  for (const [index, { feedback: shown }] of buttons.entries()) {
    for (const [at, { output: wanted }] of shown.entries()) {
      if (outputs.some((entry) => entry.name === wanted)) continue;
      const path = ['buttons', index, 'feedback', at, 'output'];
      context.addIssue({ code: 'custom', path, message: `there is no output "${wanted}"` });
    }
  }
}
