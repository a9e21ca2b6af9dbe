/**
 * The embedded MQTT broker: Aedes behind mutual TLS. A device is its certificate, its client identifier
 * is its thing's name, and it reaches only its own topics. PUBACK means "stored".
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes } from 'aedes';
import { type Clock, withTimeout } from '../../core/clock.js';
import { hasCode, systemCode } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { type DownstreamKind, thingTopic } from '../../core/wire/topics.js';
import { brokerClosed, brokerListenFailed } from './errors.js';
import { FrameGuard } from './frame-guard.js';
import { gateConnection } from './gated-connection.js';
import { Gatekeeper, inGeneral } from './gatekeeper.js';
import { Listeners } from './listeners.js';
import {
  type BrokerLimits,
  type BrokerOptions,
  type BrokerTls,
  type Claims,
  defaultLimits,
  tlsOptions,
} from './options.js';
import type { PresenceEvent } from './presence-event.js';
import { certificateIdOf, drain, type EndReason, Session } from './session.js';

const handshakeLimitMs = 10_000;
const connectLimitMs = 10_000;
/** Fixed header, topic and identifier of a packet beside its payload; also the rest of a CONNECT. */
const packetOverheadBytes = 8 * 1_024;

export class Broker implements Closeable {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #registry: BrokerOptions['registry'];
  readonly #claims: Claims | undefined;
  readonly #limits: BrokerLimits;
  readonly #onRefused: BrokerOptions['onRefused'];
  readonly #server: Server;
  readonly #aedes: Aedes;
  readonly #gatekeeper: Gatekeeper;
  readonly #sessions = new Set<Session>();
  /** The connected session of each thing; a newer one takes its place. */
  readonly #live = new Map<string, Session>();
  readonly #connections = new Listeners<string>();
  readonly #disconnections = new Listeners<string>();
  readonly #presence = new Listeners<PresenceEvent>();
  #stopListening: () => void = () => {};
  #closing: Promise<void> | undefined;

  private constructor(
    options: BrokerOptions,
    limits: BrokerLimits,
    server: Server,
    aedes: Aedes,
    gatekeeper: Gatekeeper,
  ) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#registry = options.registry;
    this.#claims = options.claims;
    this.#limits = limits;
    this.#onRefused = options.onRefused;
    this.#server = server;
    this.#aedes = aedes;
    this.#gatekeeper = gatekeeper;
  }

  /** @throws BROKER_LISTEN_FAILED */
  static async open(options: BrokerOptions): Promise<Broker> {
    const limits = { ...defaultLimits, ...options.limits };
    const gatekeeper = new Gatekeeper({ ...options, ...limits });
    const aedes = await Aedes.createBroker({
      ...gatekeeper.hooks(),
      connectTimeout: connectLimitMs,
      drainTimeout: 30_000,
      // No shared limit: one slow device must not hold up messages to the others.
      concurrency: 0,
      maxClientsIdLength: 128,
    });
    const server = createServer({ ...tlsOptions(options.tls), handshakeTimeout: handshakeLimitMs });
    server.maxConnections = limits.maxConnections;
    const broker = new Broker(options, limits, server, aedes, gatekeeper);
    broker.#wire();
    try {
      await once(server.listen(options.port, options.host), 'listening');
    } catch (error) {
      await broker.close();
      throw brokerListenFailed(options.host, options.port, error);
    }
    server.on('error', (error) => options.log.error('broker port failed', { error }));
    return broker;
  }

  /** Where it listens; the port is the real one. */
  get address(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** By name. */
  connectedThings(): string[] {
    return [...this.#live.keys()].sort();
  }

  isConnected(thing: string): boolean {
    return this.#live.has(thing);
  }

  /**
   * Sends a message to a thing, at least once (with QoS 0 at most once) while it stays connected. False when it is not connected or
   * has not subscribed (yet): then the message is gone, unless it is retained, which lasts until this broker closes.
   * @throws BROKER_CLOSED
   */
  async publish(
    thing: string,
    kind: DownstreamKind,
    payload: string | Uint8Array,
    options: { retain?: boolean; qos?: 0 | 1 } = {},
  ): Promise<boolean> {
    return this.publishTo(thing, thingTopic(thing, kind), payload, options);
  }

  /** As `publish`, on a topic of the thing's that `publish` has no kind for (`$aws/things/...`). */
  async publishTo(
    thing: string,
    topic: string,
    payload: string | Uint8Array,
    { retain = false, qos = 1 }: { retain?: boolean; qos?: 0 | 1 } = {},
  ): Promise<boolean> {
    if (this.#closing !== undefined) throw brokerClosed();
    const isHeard = this.#live.get(thing)?.hears(topic) ?? false;
    if (!isHeard && !retain) return false;
    await this.announce(topic, payload, { retain, qos });
    return isHeard;
  }

  /** Sends a message to whoever subscribed to `topic`; it may be nobody. @throws BROKER_CLOSED */
  async announce(
    topic: string,
    payload: string | Uint8Array,
    { retain, qos = 1 }: { retain: boolean; qos?: 0 | 1 },
  ): Promise<void> {
    if (this.#closing !== undefined) throw brokerClosed();
    const body = typeof payload === 'string' ? payload : Buffer.from(payload);
    await new Promise<void>((resolve, reject) => {
      const packet = { cmd: 'publish', topic, payload: body, qos, retain, dup: false } as const;
      this.#aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Calls `listener` when a thing has connected (again); the result takes it off. */
  onConnected(listener: (thing: string) => void): () => void {
    return this.#connections.add(listener);
  }

  /** Calls `listener` when a thing's last connection has ended; the result takes it off. */
  onDisconnected(listener: (thing: string) => void): () => void {
    return this.#disconnections.add(listener);
  }

  /** Calls `listener` with each coming and going, in their order; the result takes it off. */
  onPresence(listener: (event: PresenceEvent) => void): () => void {
    return this.#presence.add(listener);
  }

  /** Takes a renewed certificate for connections to come. */
  setCertificate(tls: BrokerTls): void {
    this.#server.setSecureContext(tlsOptions(tls));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #wire(): void {
    this.#server.on('secureConnection', (socket) => this.#accept(socket));
    this.#server.on('tlsClientError', (error, socket) => {
      this.#log.info('TLS handshake failed', { address: socket.remoteAddress, error });
    });
    this.#aedes.on('clientReady', (client) => {
      const session = this.#gatekeeper.sessionOf(client);
      if (session !== undefined && !client.closed) this.#connected(session);
    });
    this.#gatekeeper.followSubscriptions(this.#aedes);
    this.#aedes.on('keepaliveTimeout', (client) => {
      const session = this.#gatekeeper.sessionOf(client);
      if (session !== undefined) session.endReason ??= 'MQTT_KEEP_ALIVE_TIMEOUT';
    });
    const onLost = (client: Parameters<Gatekeeper['sessionOf']>[0], error: Error) => {
      // A refusal was counted when it was made; a line that broke is nobody's fault.
      if (!hasCode(error, 'DEVICE_REFUSED') && systemCode(error) === undefined) {
        this.#onRefused?.(inGeneral(error.message));
      }
      this.#log.debug('connection lost', { thing: this.#gatekeeper.sessionOf(client)?.thing, error });
    };
    this.#aedes.on('clientError', onLost);
    this.#aedes.on('connectionError', onLost);
    this.#stopListening = this.#registry.onRevoked(({ certificateIds }) => this.#cut(certificateIds));
  }

  #accept(socket: TLSSocket): void {
    // A refused connection may still report a reset; nobody else listens.
    socket.on('error', noop);
    const certificateId = certificateIdOf(socket);
    const record = certificateId === undefined ? undefined : this.#registry.certificate(certificateId);
    const isClaim = certificateId !== undefined && this.#claims?.templateOf(certificateId) !== undefined;
    const isKnown = record?.status === 'ACTIVE' || isClaim;
    if (certificateId === undefined || !isKnown || this.#closing !== undefined) {
      const fields = { address: socket.remoteAddress, thing: record?.thing, certificateId };
      if (this.#onRefused?.('Its certificate is unknown or revoked.') ?? true) {
        this.#log.warn('connection refused: its certificate is unknown or revoked', fields);
      }
      socket.destroy();
      return;
    }
    const guard = new FrameGuard(this.#limits.maxPayloadBytes + packetOverheadBytes);
    const connection = gateConnection(socket, guard, this.#clock);
    const identity = { thing: record?.thing ?? '', certificateId };
    const session = new Session(identity, socket, connection, this.#limits);
    this.#sessions.add(session);
    this.#gatekeeper.admit(session, connection.stream);
    connection.stream.once('close', () => {
      if (guard.sawGoodbye) session.endReason ??= 'CLIENT_INITIATED_DISCONNECT';
      this.#ended(session);
    });
    this.#aedes.handle(connection.stream);
  }

  #connected(session: Session): void {
    if (session.isClaim) {
      this.#log.info('a device with a claim connected', { address: session.address });
      return;
    }
    const previous = this.#live.get(session.thing);
    if (previous !== undefined && previous !== session) {
      previous.endReason ??= 'DUPLICATE_CLIENTID';
      this.#tellPresence(previous, previous.endReason);
    }
    this.#live.set(session.thing, session);
    this.#tellPresence(session, undefined);
    // Aedes closes an older connection itself [MQTT-3.1.4-2], but misses one that is closing already.
    if (previous !== undefined && previous !== session) previous.cut();
    this.#log.info('device connected', { thing: session.thing, address: session.address });
    this.#connections.tell(session.thing);
  }

  #ended(session: Session): void {
    this.#sessions.delete(session);
    if (this.#live.get(session.thing) !== session) return;
    this.#live.delete(session.thing);
    this.#tellPresence(session, session.endReason ?? 'CONNECTION_LOST');
    this.#log.info('device disconnected', { thing: session.thing, address: session.address });
    this.#disconnections.tell(session.thing);
  }

  #tellPresence(session: Session, endReason: EndReason | undefined): void {
    const { thing, id: sessionId, certificateId, address } = session;
    this.#presence.tell({ thing, sessionId, certificateId, address, endReason });
  }

  #cut(certificateIds: readonly string[]): void {
    for (const session of [...this.#sessions]) {
      if (!certificateIds.includes(session.certificateId)) continue;
      this.#log.warn('certificate revoked; closing the connection', { thing: session.thing });
      session.endReason ??= 'SERVER_INITIATED_DISCONNECT';
      session.cut();
    }
  }

  async #close(): Promise<void> {
    this.#stopListening();
    this.#gatekeeper.close();
    const stopped = this.#server.listening ? once(this.#server.close(), 'close') : Promise.resolve();
    const sessions = [...this.#sessions];
    for (const session of sessions) session.stop();
    await withTimeout(this.#clock, this.#limits.drainLimitMs, drain(sessions), () => {
      this.#log.warn('closing while messages are being stored; devices will send them again');
    });
    await new Promise<void>((resolve) => this.#aedes.close(resolve));
    // Each connection has a little time of its own to send its last acknowledgements.
    await withTimeout(this.#clock, this.#limits.drainLimitMs, stopped.then(noop), noop);
    for (const session of [...this.#sessions]) session.cut();
  }
}

function noop(): void {}
