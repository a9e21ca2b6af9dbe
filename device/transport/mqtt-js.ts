/**
 * MQTT 3.1.1 and 5 over the package `mqtt`, which is JavaScript alone: for machines that the AWS IoT
 * Device SDK has no binary for (32-bit Arm), and for those who ask for it. Every connection is a client
 * object of its own, so that nothing of a lost connection lives on in memory; the outbox sends it again.
 */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { IClientOptions, MqttClient } from 'mqtt';
import { type Clock, sleep, withTimeout } from '../../core/clock.js';
import { interrupted, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { backoffMs } from '../backoff.js';
import { credentialsUnusable, linkDown, publishRefused, subscribeRefused } from './errors.js';
import type { Link, LinkEvents } from './link.js';
import { LinkTransport } from './link-transport.js';
import {
  closeLimitMs,
  connectTimeoutMs,
  reconnectMaxSeconds,
  reconnectMinSeconds,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** @throws CREDENTIALS_UNUSABLE. */
export function openMqttJs(protocol: '3.1.1' | '5', options: TransportOptions): Promise<Transport> {
  return LinkTransport.open(options, async (_, events) => {
    const settings = await clientOptions(protocol, options);
    const { default: mqtt } = await import('mqtt');
    return new MqttJsLink(protocol, () => mqtt.connect(settings), options, events);
  });
}

/** Reason codes from here on are refusals [MQTT-5 2.4]; 3.1.1 knows 0x80 alone [MQTT-3.9.3-2]. */
const firstRefusal = 0x80;

class MqttJsLink implements Link {
  readonly library = 'mqtt';
  readonly protocol: '3.1.1' | '5';
  readonly #createClient: () => MqttClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #events: LinkEvents;
  readonly #stop = new AbortController();
  /** The connection that stands or is being made. */
  #client: MqttClient | undefined;
  #places = new Places(Number.POSITIVE_INFINITY);

  constructor(
    protocol: '3.1.1' | '5',
    createClient: () => MqttClient,
    { clock, log }: TransportOptions,
    events: LinkEvents,
  ) {
    this.protocol = protocol;
    this.#createClient = createClient;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#tryOn(AbortSignal.any([signal, this.#stop.signal]));
  }

  async publish(topic: string, payload: string, retain: boolean): Promise<void> {
    const client = this.#standing();
    const places = this.#places;
    await places.take();
    try {
      if (client !== this.#client) throw linkDown('it went before the message was sent');
      await client.publishAsync(topic, payload, { qos: 1, retain });
    } catch (error) {
      const code = refusalOf(error);
      throw code === undefined ? error : publishRefused(topic, code);
    } finally {
      places.give();
    }
  }

  async subscribe(topic: string): Promise<void> {
    try {
      await this.#standing().subscribeAsync(topic, { qos: 1 });
    } catch (error) {
      const code = refusalOf(error);
      throw code === undefined ? error : subscribeRefused(topic, code);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    const client = this.#client;
    if (client === undefined) return;
    // `end` would wait for what is in flight; the outbox has it all.
    for (const id of Object.keys(client.outgoing)) client.removeOutgoingMessage(Number(id));
    const ended = client.endAsync(!client.connected).catch(() => {});
    await withTimeout(this.#clock, closeLimitMs, ended, () => {});
    client.stream.destroy();
  }

  /** Until one attempt succeeds. @throws INTERRUPTED */
  async #tryOn(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      const failure = await this.#attempt();
      if (failure === undefined) return;
      if (signal.aborted) break;
      const level = attempt === 0 ? 'warn' : 'debug';
      this.#log[level]('cannot connect to the broker, trying on', { reason: failure });
      await sleep(this.#clock, pauseMs(attempt), signal);
    }
    throw interrupted(signal.reason);
  }

  /** Undefined when the connection stands, else why not. Looks after it until it is gone. */
  #attempt(): Promise<string | undefined> {
    return new Promise((settle) => {
      const client = this.#createClient();
      this.#client = client;
      let reason = 'the broker closed the connection';
      let stood = false;
      client.on('error', (error) => {
        reason = messageOf(error);
      });
      client.on('message', (topic, payload) => this.#events.message(topic, new Uint8Array(payload)));
      client.on('connect', ({ properties }) => {
        stood = true;
        this.#places = new Places(properties?.receiveMaximum ?? Number.POSITIVE_INFINITY);
        settle(undefined);
        this.#events.up();
      });
      client.on('close', () => {
        if (this.#client === client) this.#client = undefined;
        if (stood) this.#onLost(reason);
        else settle(reason);
      });
    });
  }

  #onLost(reason: string): void {
    this.#events.down(reason);
    const { signal } = this.#stop;
    // Interrupted by `close` alone.
    sleep(this.#clock, pauseMs(0), signal)
      .then(() => this.#tryOn(signal))
      .catch(() => {});
  }

  #standing(): MqttClient {
    if (this.#client?.connected !== true) throw linkDown('not connected');
    return this.#client;
  }
}

/** How many publishes the broker lets wait for their acknowledgement [MQTT-5 3.2.2.3.3]; first come, first served. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function pauseMs(attempt: number): number {
  return backoffMs(attempt, reconnectMinSeconds * 1_000, reconnectMaxSeconds * 1_000);
}

function refusalOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' && code >= firstRefusal ? code : undefined;
}

async function clientOptions(protocol: '3.1.1' | '5', options: TransportOptions): Promise<IClientOptions> {
  const { host, port, clientId, keepAliveSeconds, will } = options;
  return {
    ...(await credentials(options)),
    protocol: 'mqtts',
    protocolVersion: protocol === '5' ? 5 : 4,
    host,
    port,
    clientId,
    keepalive: keepAliveSeconds,
    connectTimeout: connectTimeoutMs,
    clean: true,
    // Connections, subscriptions and what is unacknowledged are looked after here and in the outbox.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    rejectUnauthorized: true,
    ...(will && { will: { ...will, payload: Buffer.from(will.payload), qos: 1 } }),
  };
}

async function credentials({ certificatePath, privateKeyPath, caPath }: TransportOptions) {
  try {
    const [cert, key, ca] = await Promise.all([
      readFile(certificatePath),
      readFile(privateKeyPath),
      readFile(caPath),
    ]);
    createSecureContext({ cert, key, ca });
    return { cert, key, ca };
  } catch (error) {
    throw credentialsUnusable(error);
  }
}
