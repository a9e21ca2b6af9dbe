/**
 * MQTT 5 over the AWS IoT Device SDK. Its queue is told to fail what the link takes with it, so that
 * nothing piles up in memory while offline; the outbox sends it again.
 */
import { type Clock, sleep, withTimeout } from '../../core/clock.js';
import { interrupted, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { collectGarbage } from './collect-garbage.js';
import { credentialsUnusable, publishRefused, subscribeRefused, transportClosed } from './errors.js';
import type { Link, LinkEvents } from './link.js';
import { LinkTransport } from './link-transport.js';
import { type ConnectPacket, loadSdk, type Mqtt5Client, type Sdk } from './sdk.js';
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
export function openMqtt5(options: TransportOptions): Promise<Transport> {
  return LinkTransport.open(options, async (_, events) => new Mqtt5Link(await loadSdk(), options, events));
}

const qos1 = 1;
/** "No matching subscribers": the broker has the message, nobody listens. */
const noSubscribers = 16;
/** Reason codes from here on are refusals [MQTT-5 2.4]. */
const firstRefusal = 0x80;

class Mqtt5Link implements Link {
  readonly library = 'aws-crt';
  readonly protocol = '5';
  #client: Mqtt5Client | undefined;
  readonly #clock: Clock;
  readonly #log: Logger;
  #started = false;

  constructor(sdk: Sdk, options: TransportOptions, events: LinkEvents) {
    this.#clock = options.clock;
    this.#log = options.log;
    const client = createClient(sdk, options);
    this.#client = client;
    this.#listen(client, events);
  }

  connect(signal: AbortSignal): Promise<void> {
    const client = this.#open();
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(interrupted(signal.reason));
      signal.addEventListener('abort', onAbort, { once: true });
      client.once('connectionSuccess', () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      if (!this.#started) client.start();
      this.#started = true;
    });
  }

  async publish(topic: string, payload: string, retain: boolean): Promise<void> {
    const puback = await this.#open().publish({ topicName: topic, payload, qos: qos1, retain });
    const code = puback?.reasonCode ?? 0;
    if (code >= firstRefusal) throw publishRefused(topic, code);
    if (code === noSubscribers) this.#log.debug('published without subscribers', { topic });
  }

  async subscribe(topic: string): Promise<void> {
    const suback = await this.#open().subscribe({ subscriptions: [{ topicFilter: topic, qos: qos1 }] });
    const code = suback.reasonCodes[0] ?? 0;
    if (code >= firstRefusal) throw subscribeRefused(topic, code);
  }

  async close(): Promise<void> {
    await this.#end();
    this.#client = undefined;
    await sleep(this.#clock, 0);
    collectGarbage();
  }

  async #end(): Promise<void> {
    const client = this.#open();
    if (this.#started) {
      const stopped = new Promise<void>((resolve) => client.once('stopped', () => resolve()));
      // Reason code 0, normal disconnection: the broker drops the will [MQTT-3.14.4-3].
      client.stop({ reasonCode: 0 });
      await withTimeout(this.#clock, closeLimitMs, stopped, () => {
        this.#log.debug('the SDK did not end its connection in time');
      });
    }
    client.close();
  }

  #open(): Mqtt5Client {
    if (this.#client === undefined) throw transportClosed();
    return this.#client;
  }

  #listen(client: Mqtt5Client, events: LinkEvents): void {
    let failures = 0;
    client.on('connectionSuccess', () => {
      failures = 0;
      events.up();
    });
    client.on('connectionFailure', ({ error }) => {
      const level = failures++ === 0 ? 'warn' : 'debug';
      this.#log[level]('cannot connect to the broker, trying on', { reason: messageOf(error) });
    });
    client.on('disconnection', ({ error }) => events.down(messageOf(error)));
    client.on('messageReceived', ({ message }) =>
      events.message(message.topicName, bytesOf(message.payload)),
    );
    client.on('error', (error) => this.#log.warn('the SDK reports an error', { error }));
  }
}

function bytesOf(payload: unknown): Uint8Array {
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  return new Uint8Array(0);
}

function createClient({ iot, io, mqtt5 }: Sdk, options: TransportOptions): Mqtt5Client {
  try {
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromPath(
      options.host,
      options.certificatePath,
      options.privateKeyPath,
    )
      .withCertificateAuthorityFromPath(undefined, options.caPath)
      .withPort(options.port)
      .withConnectProperties(connectProperties(options))
      .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
      .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
      // The limits of AWS IoT Core (100 messages a second) are not those of other brokers.
      .withExtendedValidationAndFlowControlOptions(mqtt5.ClientExtendedValidationAndFlowControl.None)
      .withRetryJitterMode(mqtt5.RetryJitterType.Full)
      .withMinReconnectDelayMs(reconnectMinSeconds * 1000)
      .withMaxReconnectDelayMs(reconnectMaxSeconds * 1000)
      .withPingTimeoutMs(pingTimeoutMs)
      .withConnackTimeoutMs(connectTimeoutMs)
      .withAckTimeoutSeconds(Math.ceil(libraryTimeoutMs(options) / 1000))
      .withSocketOptions(new io.SocketOptions(io.SocketType.STREAM, io.SocketDomain.IPV4, connectTimeoutMs));
    const config = builder.build();
    config.disableMetrics = true;
    return new mqtt5.Mqtt5Client(config);
  } catch (error) {
    throw credentialsUnusable(error);
  }
}

function connectProperties({ clientId, keepAliveSeconds, will }: TransportOptions): ConnectPacket {
  const properties: ConnectPacket = { clientId, keepAliveIntervalSeconds: keepAliveSeconds };
  if (will === undefined) return properties;
  const { topic, payload, retain } = will;
  return { ...properties, will: { topicName: topic, payload, retain, qos: qos1 } };
}
