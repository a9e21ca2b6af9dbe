/** A real broker with a real authority and registry, and devices that hold real certificates. */
import { type EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import { Broker } from '../../cloud/broker/broker.js';
import type { Ingest } from '../../cloud/broker/ingest.js';
import type { BrokerLimits } from '../../cloud/broker/options.js';
import { Registry } from '../../cloud/registry/registry.js';
import { claimSchema, registrySchema } from '../../cloud/registry/schema.js';
import { systemClock } from '../../core/clock.js';
import { openDatabase } from '../../core/db/open.js';
import { createLogger, type Logger } from '../../core/log.js';
import { Authority } from '../../core/pki/authority.js';
import { makeDeviceRequest } from './device-request.js';
import { temporaryFolder } from './temporary-folder.js';

export interface Identity {
  readonly thing: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly certificateId: string;
}

/** Keeps what it gets; `hold()` makes it wait, `fail()` makes it refuse. */
class RecordingIngest implements Ingest {
  readonly received: { kind: string; thing: string; text: string }[] = [];
  failing = false;
  /** Messages that were handed over and are not stored yet. */
  waiting = 0;
  maxWaiting = 0;
  #gate: Promise<void> | undefined;
  #open: () => void = () => {};
  #arrivals: (() => void)[] = [];

  click = (thing: string, payload: Uint8Array) => this.#take('click', thing, payload);
  telemetry = (thing: string, payload: Uint8Array) => this.#take('telemetry', thing, payload);
  status = (thing: string, payload: Uint8Array) => this.#take('status', thing, payload);
  reserved = (thing: string, rest: string, payload: Uint8Array) =>
    this.#take(`reserved ${rest}`, thing, payload);

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#gate = undefined;
    this.#open();
  }

  /** Resolves when `condition` holds after some arrival. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#arrivals.push(resolve));
  }

  async #take(kind: string, thing: string, payload: Uint8Array): Promise<void> {
    this.maxWaiting = Math.max(this.maxWaiting, ++this.waiting);
    this.#arrived();
    await this.#gate;
    this.waiting--;
    if (this.failing) throw new Error('the disk is gone');
    this.received.push({ kind, thing, text: Buffer.from(payload).toString('utf8') });
    this.#arrived();
  }

  #arrived(): void {
    for (const resolve of this.#arrivals.splice(0)) resolve();
  }
}

export interface BrokerFixture {
  readonly broker: Broker;
  readonly registry: Registry;
  readonly authority: Authority;
  readonly ingest: RecordingIngest;
  readonly logLines: string[];
  readonly log: Logger;
  identity(thing: string): Promise<Identity>;
  /** Not connected yet; ends with the test. */
  client(identity: Identity, options?: IClientOptions): MqttClient;
  connected(identity: Identity, options?: IClientOptions): Promise<MqttClient>;
}

export async function startBroker(limits: Partial<BrokerLimits> = {}): Promise<BrokerFixture> {
  const folder = await temporaryFolder('broker');
  const authority = await Authority.open({ directory: join(folder, 'pki'), clock: systemClock });
  const database = await openDatabase({ filePath: join(folder, 'cloud.db') }, [registrySchema, claimSchema]);
  onTestFinished(() => database.close());
  const registry = await Registry.open(database, systemClock);
  const ingest = new RecordingIngest();
  const logLines: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => logLines.push(line) });
  const tls = await authority.serverCertificate([]);
  const broker = await Broker.open({
    host: '127.0.0.1',
    port: 0,
    tls,
    registry,
    ingest,
    clock: systemClock,
    log,
    limits,
  });
  onTestFinished(() => broker.close());
  const client = (identity: Identity, options: IClientOptions = {}) => {
    const made = mqtt.connect({
      protocol: 'mqtts',
      host: 'localhost',
      port: broker.address.port,
      family: 4,
      ca: tls.caPem,
      key: identity.keyPem,
      cert: identity.certificatePem,
      clientId: identity.thing,
      reconnectPeriod: 0,
      ...options,
    } as IClientOptions);
    made.on('error', () => {});
    onTestFinished(() => void made.end(true));
    return made;
  };
  return {
    broker,
    registry,
    authority,
    ingest,
    logLines,
    log,
    client,
    identity: (thing) => issueIdentity(registry, authority, thing),
    async connected(identity, options) {
      const made = client(identity, options);
      await clientEvent(made, 'connect');
      return made;
    },
  };
}

/** The arguments of a client's next event. Its typed emitter is not what `once` takes. */
// biome-ignore lint/suspicious/noExplicitAny: as `once` itself gives them
export function clientEvent(client: MqttClient, event: string): Promise<any[]> {
  return once(client as unknown as EventEmitter, event);
}

async function issueIdentity(registry: Registry, authority: Authority, thing: string): Promise<Identity> {
  if ((await registry.getThing(thing)) === undefined) await registry.createThing(thing, 'button');
  const { secret } = await registry.createClaimToken(thing, 60_000);
  const { keyPem, csrPem } = await makeDeviceRequest();
  const result = await registry.redeemClaim({
    secret,
    publicKeySha256: secret,
    issue: (name) => authority.signDeviceRequest(csrPem, name),
  });
  return { thing, keyPem, certificatePem: result.certificatePem, certificateId: result.certificateId };
}
