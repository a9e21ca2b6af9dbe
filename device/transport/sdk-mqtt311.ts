/**
 * MQTT 3.1.1 over the AWS IoT Device SDK. The session is clean: the SDK then gives up what was in
 * flight when the link goes instead of keeping it in memory, and the outbox sends it again.
 */
import { type Clock, sleep, withTimeout } from '../../core/clock.js';
import { interrupted, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { backoffMs } from '../backoff.js';
import { credentialsUnusable, subscribeRefused } from './errors.js';
import type { Link, LinkEvents } from './link.js';
import { LinkTransport } from './link-transport.js';
import { type Connection, loadSdk, type Sdk } from './sdk.js';
import {
  closeLimitMs,
  connectTimeoutMs,
  libraryTimeoutMs,
  pingTimeoutMs,
  reconnectMaxSeconds,
  reconnectMinSeconds,
  type Transport,
  type TransportOptions,
} from './transport.js';

/** @throws SDK_UNAVAILABLE, CREDENTIALS_UNUSABLE. */
export function openMqtt311(options: TransportOptions): Promise<Transport> {
  return LinkTransport.open(options, async (_, events) => new Mqtt311Link(await loadSdk(), options, events));
}

const qos1 = 1;

class Mqtt311Link implements Link {
  readonly library = 'aws-crt';
  readonly protocol = '3.1.1';
  readonly #make: () => Connection;
  readonly #clock: Clock;
  readonly #log: Logger;
  #connection: Connection;
  #attempt: Promise<unknown> | undefined;
  #everConnected = false;

  constructor(sdk: Sdk, options: TransportOptions, events: LinkEvents) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#make = () => this.#listen(createConnection(sdk, options), events);
    this.#connection = this.#make();
  }

  async connect(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        // The SDK closes a connection whose first attempt failed: it would connect again, but deliver nothing.
        if (attempt > 0) this.#connection = this.#make();
        this.#attempt = this.#connection.connect();
        await this.#attempt;
        this.#everConnected = true;
        return;
      } catch (error) {
        const level = attempt === 0 ? 'warn' : 'debug';
        this.#log[level]('cannot connect to the broker, trying on', { reason: messageOf(error) });
      } finally {
        this.#attempt = undefined;
      }
      await sleep(
        this.#clock,
        backoffMs(attempt, reconnectMinSeconds * 1000, reconnectMaxSeconds * 1000),
        signal,
      );
    }
    throw interrupted(signal.reason);
  }

  async publish(topic: string, payload: string, retain: boolean): Promise<void> {
    await this.#connection.publish(topic, payload, qos1, retain);
  }

  async subscribe(topic: string): Promise<void> {
    const granted = await this.#connection.subscribe(topic, qos1);
    // [MQTT-3.9.3-2]: return code 0x80 is a refusal.
    if (granted.qos === 0x80) throw subscribeRefused(topic, 0x80);
  }

  async close(): Promise<void> {
    // The SDK cannot take an attempt back: one that succeeds after all is ended then.
    const attempt = this.#attempt?.then(
      () => this.#connection.disconnect(),
      () => {},
    );
    const work = attempt ?? (this.#everConnected ? this.#connection.disconnect() : Promise.resolve());
    const settled = work.catch((error: unknown) => {
      this.#log.debug('disconnect failed', { reason: messageOf(error) });
    });
    await withTimeout(this.#clock, closeLimitMs, settled, () => {
      this.#log.debug('the SDK did not end its connection in time');
    });
  }

  #listen(connection: Connection, events: LinkEvents): Connection {
    connection.on('connect', () => {
      this.#everConnected = true;
      events.up();
    });
    connection.on('resume', () => events.up());
    connection.on('interrupt', (error) => events.down(messageOf(error)));
    connection.on('disconnect', () => events.down('closed'));
    connection.on('message', (topic, payload) => events.message(topic, new Uint8Array(payload)));
    return connection;
  }
}

function createConnection({ iot, io, mqtt }: Sdk, options: TransportOptions): Connection {
  try {
    const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder_from_path(
      options.certificatePath,
      options.privateKeyPath,
    )
      .with_certificate_authority_from_path(undefined, options.caPath)
      .with_endpoint(options.host)
      .with_port(options.port)
      .with_client_id(options.clientId)
      .with_clean_session(true)
      .with_keep_alive_seconds(options.keepAliveSeconds)
      .with_ping_timeout_ms(pingTimeoutMs)
      .with_protocol_operation_timeout_ms(libraryTimeoutMs(options))
      .with_reconnect_min_sec(reconnectMinSeconds)
      .with_reconnect_max_sec(spreadSeconds())
      .with_socket_options(
        new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.IPV4, connectTimeoutMs),
      );
    const { will } = options;
    if (will !== undefined) builder.with_will(new mqtt.MqttWill(will.topic, qos1, will.payload, will.retain));
    const config = builder.build();
    // Otherwise CONNECT carries a user name that tells of SDK and platform; RabbitMQ refuses it.
    config.disable_metrics = true;
    return new mqtt.MqttClient().new_connection(config);
  } catch (error) {
    throw credentialsUnusable(error);
  }
}

/** The SDK's waits are whole seconds without chance in them; a limit per device spreads a fleet. */
function spreadSeconds(): number {
  return reconnectMaxSeconds - Math.floor(Math.random() * (reconnectMaxSeconds / 3));
}
