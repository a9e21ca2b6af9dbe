/**
 * One device's connection: who it is by its certificate, and how much of what it sent is still being
 * stored. Holds back reading while that is too much, and keeps acknowledgements in order.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { GatedConnection } from './gated-connection.js';
import { takesIn } from './topic-filter.js';

export interface SessionLimits {
  /** Messages of one device that are being stored at the same time before reading is held. */
  readonly maxInFlight: number;
  readonly maxInFlightBytes: number;
}

/** As AWS IoT Core names them in presence events. */
export type EndReason =
  | 'CLIENT_INITIATED_DISCONNECT'
  | 'CLIENT_ERROR'
  | 'CONNECTION_LOST'
  | 'DUPLICATE_CLIENTID'
  | 'FORBIDDEN_ACCESS'
  | 'MQTT_KEEP_ALIVE_TIMEOUT'
  | 'SERVER_INITIATED_DISCONNECT';

export class Session {
  /** The thing that the certificate belongs to, also its only client identifier; '' with a claim certificate. */
  readonly thing: string;
  /** Tells one connection from the next in presence events. */
  readonly id = randomUUID();
  /** Why it ended, when the broker knows more than that it did. */
  endReason: EndReason | undefined;
  readonly certificateId: string;
  readonly address: string;
  readonly #socket: TLSSocket;
  readonly #connection: GatedConnection;
  readonly #limits: SessionLimits;
  /** The will as it came with CONNECT; told apart from other messages by identity. */
  will: { readonly topic: string } | undefined;
  /** What it asked to hear of. */
  readonly filters = new Set<string>();
  /** What of that it hears of by now. */
  readonly subscribed = new Set<string>();
  #inFlight = 0;
  #inFlightBytes = 0;
  #stopped = false;
  #acknowledged: Promise<void> = Promise.resolve();

  constructor(
    identity: { thing: string; certificateId: string },
    socket: TLSSocket,
    connection: GatedConnection,
    limits: SessionLimits,
  ) {
    this.thing = identity.thing;
    this.certificateId = identity.certificateId;
    this.address = socket.remoteAddress ?? 'unknown';
    this.#socket = socket;
    this.#connection = connection;
    this.#limits = limits;
  }

  /** It may do nothing but become a thing. */
  get isClaim(): boolean {
    return this.thing === '';
  }

  hears(topic: string): boolean {
    return [...this.subscribed].some((filter) => takesIn(filter, topic));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * Resolves when `work` and everything asked for before has succeeded, so that acknowledgements go out
   * in the order of the messages [MQTT-4.6.0-2]. Rejects with the first failure, then for ever.
   */
  async inOrder(sizeBytes: number, work: Promise<void>): Promise<void> {
    this.#inFlight++;
    this.#inFlightBytes += sizeBytes;
    this.#regulate();
    const before = this.#acknowledged;
    const mine = work.then(() => before);
    mine.catch(noop);
    this.#acknowledged = mine;
    try {
      await mine;
    } finally {
      this.#inFlight--;
      this.#inFlightBytes -= sizeBytes;
      this.#regulate();
    }
  }

  /** Reads no more; what was read is still stored and acknowledged. */
  stop(): void {
    this.#stopped = true;
    this.#regulate();
  }

  /** Resolves when nothing is being stored. Never rejects. */
  async drained(): Promise<void> {
    await this.#acknowledged.catch(() => {});
  }

  /** Ends the connection at once; the device's will is published. */
  cut(): void {
    this.#socket.destroy();
  }

  #regulate(): void {
    const full =
      this.#inFlight >= this.#limits.maxInFlight || this.#inFlightBytes >= this.#limits.maxInFlightBytes;
    if (full || this.#stopped) this.#connection.hold();
    else this.#connection.release();
  }
}

function noop(): void {}

/** Waits until nothing is being stored and the acknowledgements have been written. */
export async function drain(sessions: readonly Session[]): Promise<void> {
  do {
    await Promise.all(sessions.map((session) => session.drained()));
    await new Promise((resolve) => setImmediate(resolve));
  } while (sessions.some((session) => session.inFlight > 0));
  await new Promise((resolve) => setImmediate(resolve));
}

/** SHA-256 of the client's certificate in DER, lower-case hex; undefined without one. */
export function certificateIdOf(socket: TLSSocket): string | undefined {
  const raw: Buffer | undefined = socket.getPeerX509Certificate()?.raw;
  return raw === undefined || !socket.authorized ? undefined : createHash('sha256').update(raw).digest('hex');
}
