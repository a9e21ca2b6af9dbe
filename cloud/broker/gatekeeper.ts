/**
 * Decides what each connection may do, as Aedes asks: connect, publish, subscribe. A publication is
 * granted only when it has been stored, because Aedes sends PUBACK right after the grant. Whoever does
 * what it may not loses its connection, as with AWS IoT Core.
 */
import type { Aedes, AedesOptions, Client, PublishPacket, Subscription } from 'aedes';
import { type Clock, SharedTimeout } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Registry } from '../registry/registry.js';
import { connectionRefused, ingestTimedOut } from './errors.js';
import type { Ingest, Reply } from './ingest.js';
import type { BrokerOptions, Claims } from './options.js';
import {
  claimRoute,
  mayClaimSubscribe,
  maySubscribe,
  mayWatchPresence,
  publishRoute,
  type Route,
} from './permissions.js';
import type { Session } from './session.js';

export interface GatekeeperOptions {
  readonly registry: Pick<Registry, 'certificatesOf' | 'certificateStatus'>;
  readonly ingest: Ingest;
  readonly claims?: Claims;
  readonly presenceWatchers?: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxPayloadBytes: number;
  readonly ingestLimitMs: number;
  readonly onRefused?: BrokerOptions['onRefused'];
}

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe'>
>;
type AuthenticateError = Parameters<Parameters<Hooks['authenticate']>[3]>[0];

/** AWS IoT Core's limit per connection. */
const maxSubscriptions = 50;
/** CONNACK: not authorized (MQTT 3.1.1, table 3.1). */
const notAuthorized = 5;

export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #sessions = new WeakMap<object, Session>();
  readonly #storing: SharedTimeout;
  #closing = false;

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    this.#storing = new SharedTimeout(options.clock, options.ingestLimitMs);
  }

  admit(session: Session, stream: object): void {
    this.#sessions.set(stream, session);
  }

  sessionOf(client: Client): Session | undefined {
    return this.#sessions.get(client.conn);
  }

  /** From now on nobody connects, and a lost connection is not the device's fault: no wills. */
  close(): void {
    this.#closing = true;
  }

  hooks(): Hooks {
    return {
      preConnect: (client, packet, callback) => {
        const session = this.sessionOf(client);
        if (session === undefined || this.#closing) {
          callback(connectionRefused('The broker is closing.'), false);
          return;
        }
        session.will = packet.will;
        // Nothing is kept for a device that is away: such a session would grow in memory without limit,
        // and would be lost at a restart anyway. CONNACK says "no session present", which is true.
        packet.clean = true;
        callback(null, true);
      },
      authenticate: (client, _username, _password, done) => {
        const fault = this.#connectFault(client);
        if (fault === undefined) {
          done(null, true);
          return;
        }
        this.#report(client, fault);
        const error = Object.assign(connectionRefused(fault), { returnCode: notAuthorized });
        done(error as unknown as AuthenticateError, false);
      },
      authorizePublish: (client, packet, done) => {
        this.#publish(client, packet).then(() => done(null), done);
      },
      authorizeSubscribe: (client, subscription, done) => {
        const fault = this.#subscribeFault(client, subscription);
        if (fault === undefined) {
          done(null, subscription);
          return;
        }
        this.#report(client, fault);
        done(connectionRefused(fault));
      },
    };
  }

  /** Keeps what each session hears of in step with the broker. */
  followSubscriptions(broker: Pick<Aedes, 'on'>): void {
    broker.on('subscribe', (subscriptions, client) => {
      for (const { topic } of subscriptions) this.sessionOf(client)?.subscribed.add(topic);
    });
    broker.on('unsubscribe', (filters, client) => {
      const session = this.sessionOf(client);
      for (const filter of filters) {
        session?.filters.delete(filter);
        session?.subscribed.delete(filter);
      }
    });
  }

  #connectFault(client: Client): string | undefined {
    const session = this.sessionOf(client);
    if (session === undefined || !this.#isActive(session)) return 'Its certificate is not active.';
    if (session.isClaim) return this.#claimFault(client, session);
    if (client.id !== session.thing) return `Its client identifier is not "${session.thing}".`;
    const will = session.will?.topic;
    if (will !== undefined && publishRoute(session.thing, will) === undefined) {
      return `Its will goes to "${will}", where it may not publish.`;
    }
    return undefined;
  }

  /** A claim must not take a thing's name: it would throw the thing off. */
  #claimFault(client: Client, session: Session): string | undefined {
    if (session.will !== undefined) return 'A claim certificate allows no will.';
    const isTaken = this.#options.registry.certificatesOf(client.id).length > 0;
    return isTaken || client.id.startsWith('$') ? `It may not be called "${client.id}".` : undefined;
  }

  #maySubscribe(session: Session, filter: string): boolean {
    if (session.isClaim) return mayClaimSubscribe(filter);
    const isWatcher = this.#options.presenceWatchers?.includes(session.thing) ?? false;
    return maySubscribe(session.thing, filter) || mayWatchPresence(session.thing, filter, isWatcher);
  }

  #subscribeFault(client: Client, subscription: Subscription): string | undefined {
    const session = this.sessionOf(client);
    if (session === undefined || !this.#isActive(session)) return 'Its certificate is not active.';
    const { topic } = subscription;
    if (!this.#maySubscribe(session, topic)) return `It may not subscribe to "${topic}".`;
    session.filters.add(topic);
    return session.filters.size > maxSubscriptions ? 'It has too many subscriptions.' : undefined;
  }

  /** Resolves when the message is stored and everything that the device sent before it, too. */
  async #publish(client: Client | null, packet: PublishPacket): Promise<void> {
    const session = client === null ? undefined : this.sessionOf(client);
    if (client === null || session === undefined) throw connectionRefused('It is not connected.');
    const isWill = packet === session.will;
    if (isWill && this.#closing) throw connectionRefused('The broker is closing.');
    const payload = bytesOf(packet.payload);
    const route = session.isClaim ? claimRoute(packet.topic) : publishRoute(session.thing, packet.topic);
    const fault = this.#publishFault(session, packet, payload, isWill);
    if (route === undefined || fault !== undefined) {
      const reason = fault ?? `It may not publish to "${packet.topic}".`;
      this.#report(client, reason);
      throw connectionRefused(reason);
    }
    // Retained messages stay in memory: one per thing is enough.
    packet.retain = packet.retain && route.kind === 'status';
    if (packet.qos === 2) packet.qos = 1;
    try {
      await session.inOrder(payload.length, this.#store(session, route, payload, replyTo(client)));
    } catch (error) {
      const fields = { thing: session.thing, topic: packet.topic, error };
      this.#options.log.warn('message not stored; closing the connection, so that it is sent again', fields);
      throw error;
    }
  }

  #publishFault(
    session: Session,
    packet: PublishPacket,
    payload: Uint8Array,
    isWill: boolean,
  ): string | undefined {
    if (!isWill && !this.#isActive(session)) return 'Its certificate is not active.';
    if (payload.length > this.#options.maxPayloadBytes) return `It sent ${payload.length} bytes at once.`;
    if (!isWill && packet.qos === 2) return 'It uses quality of service 2, which is not served.';
    return undefined;
  }

  async #store(session: Session, route: Route, payload: Uint8Array, reply: Reply): Promise<void> {
    const { ingestLimitMs } = this.#options;
    const stored = this.#handOver(session, route, payload, reply);
    if (stored === undefined) return;
    await this.#storing.race(stored, () => ingestTimedOut(ingestLimitMs));
  }

  #handOver(session: Session, route: Route, payload: Uint8Array, reply: Reply): Promise<void> | undefined {
    const { ingest } = this.#options;
    const { thing, certificateId } = session;
    if (route.kind === 'reserved') return ingest.reserved?.(thing, route.rest, payload, reply);
    if (route.kind === 'enrolment') return ingest.enrolment?.(certificateId, route.rest, payload, reply);
    return ingest[route.kind](thing, payload);
  }

  #isActive(session: Session): boolean {
    if (session.isClaim) return this.#options.claims?.templateOf(session.certificateId) !== undefined;
    return this.#options.registry.certificateStatus(session.certificateId) === 'ACTIVE';
  }

  #report(client: Client, reason: string): void {
    const session = this.sessionOf(client);
    if (session !== undefined) session.endReason ??= 'FORBIDDEN_ACCESS';
    const fields = { thing: session?.thing, address: session?.address, reason };
    if (!(this.#options.onRefused?.(inGeneral(reason)) ?? true)) return;
    this.#options.log.warn('device refused; closing its connection', fields);
  }
}

function replyTo(client: Client): Reply {
  return (topic, payload) => {
    if (client.closed) return;
    const packet = { cmd: 'publish', topic, payload, qos: 1, retain: false, dup: false } as const;
    // A failure is the connection's end, which the device notices itself.
    client.publish(packet, () => {});
  };
}

/** Without what the device put in, so that reasons can be counted. */
export function inGeneral(reason: string): string {
  return reason
    .replaceAll(/"[^"]*"/gs, '...')
    .replaceAll(/\d+/g, 'N')
    .slice(0, 200);
}

function bytesOf(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload, 'utf8') : payload;
}
