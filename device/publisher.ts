/**
 * Empties the outbox through the transport. A message is removed only after its acknowledgement and
 * is sent again after every failure. At most `window` messages are in flight, and telemetry leaves
 * some of those places free, so that a click never waits behind a backlog. A click that is made while
 * older ones still wait goes out at once: somebody stands at the button now.
 */
import type { Clock, Timer } from '../core/clock.js';
import { withTimeout } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Outbox } from './outbox.js';
import type { OutboxKind, OutboxMessage } from './outbox-store.js';
import type { Transport } from './transport/transport.js';

export interface PublisherOptions {
  readonly outbox: Outbox;
  readonly transport: Transport;
  /** Where messages of a kind go. */
  readonly topicOf: (kind: OutboxKind) => string;
  /** True while telemetry shall wait; `resume` is called when that has changed. */
  readonly holdTelemetry?: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** Messages in flight at most; 64 unless told. */
  readonly window?: number;
  /** Of these, how many telemetry may take; 48 unless told. */
  readonly telemetryWindow?: number;
  /** How long `close` lets the outbox drain; 2,000 unless told. */
  readonly drainLimitMs?: number;
}

/** One kind's way out. `caughtUp`: everything stored of this kind is in flight. */
interface Lane {
  readonly kind: OutboxKind;
  readonly limit: number;
  caughtUp: boolean;
  reading: boolean;
}

const retryDelayMs = 1_000;
/** Places that older clicks leave to those that are made meanwhile. */
const liveClicks = 8;

export class Publisher implements Closeable {
  readonly #options: PublisherOptions;
  readonly #inFlight = new Map<number, OutboxKind>();
  readonly #undo: (() => void)[] = [];
  readonly #idleWaiters = new Set<() => void>();
  readonly #lanes: Readonly<Record<OutboxKind, Lane>>;
  readonly #window: number;
  /** What is not a click of this moment leaves the rest of the window free. */
  readonly #backlogWindow: number;
  #retry: Timer | undefined;
  #failures = 0;
  #stopped = false;
  #closing: Promise<void> | undefined;

  private constructor(options: PublisherOptions) {
    this.#options = options;
    this.#window = options.window ?? 64;
    const telemetryLimit = options.telemetryWindow ?? 48;
    this.#backlogWindow = this.#window - Math.min(liveClicks, Math.floor(this.#window / 4));
    this.#lanes = { click: lane('click', this.#backlogWindow), telemetry: lane('telemetry', telemetryLimit) };
  }

  /** Begins at once when the transport is connected, else when it is. */
  static open(options: PublisherOptions): Publisher {
    const publisher = new Publisher(options);
    publisher.#undo.push(
      options.outbox.onAppended((message) => publisher.#offer(message)),
      options.transport.onConnect(() => publisher.#restart()),
    );
    publisher.#restart();
    return publisher;
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Goes on after `holdTelemetry` has changed. */
  resume(): void {
    this.#restart();
  }

  /** Resolves when all that was stored has been acknowledged. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idleWaiters.add(resolve);
      this.#checkIdle();
    });
  }

  /** Goes on sending for up to `drainLimitMs` while connected; what is left stays in the outbox. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    const { clock, transport, drainLimitMs = 2_000 } = this.#options;
    if (transport.connected) await withTimeout(clock, drainLimitMs, this.idle(), () => {});
    this.#stopped = true;
    this.#retry?.cancel();
    for (const undo of this.#undo) undo();
    for (const resolve of this.#idleWaiters) resolve();
  }

  /** A message was committed: it goes out in the same turn unless older ones of its kind wait. */
  #offer(message: OutboxMessage): void {
    const into = this.#lanes[message.kind];
    const ready = this.#options.transport.connected && !this.#held(into);
    const isNext = into.caughtUp && !into.reading && this.#room(into) > 0;
    const isLive = into.kind === 'click' && !this.#stopped && this.#inFlight.size < this.#window;
    if (ready && (isNext || isLive)) {
      this.#send(message);
      return;
    }
    into.caughtUp = false;
    this.#pump(into);
  }

  #held(into: Lane): boolean {
    return into.kind === 'telemetry' && (this.#options.holdTelemetry?.() ?? false);
  }

  #restart(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    for (const each of Object.values(this.#lanes)) {
      each.caughtUp = false;
      this.#pump(each);
    }
  }

  #sending(into: Lane): number {
    return [...this.#inFlight.values()].filter((kind) => kind === into.kind).length;
  }

  #room(into: Lane): number {
    return Math.min(this.#backlogWindow - this.#inFlight.size, into.limit - this.#sending(into));
  }

  #pump(into: Lane): void {
    const ready = !this.#stopped && this.#retry === undefined && this.#options.transport.connected;
    if (!ready || this.#held(into) || into.reading || into.caughtUp) return;
    const room = this.#room(into);
    // A backlog is read in portions: not one row for each acknowledgement that makes room.
    if (room <= 0 || (room < into.limit / 2 && this.#sending(into) > 0)) return;
    into.reading = true;
    // Set before reading: a message that is committed meanwhile clears it again.
    into.caughtUp = true;
    void this.#read(into, room).then(() => {
      into.reading = false;
      this.#pump(into);
      this.#checkIdle();
    });
  }

  async #read(into: Lane, room: number): Promise<void> {
    const { outbox, log } = this.#options;
    try {
      const messages = await outbox.peek(into.kind, room, new Set(this.#inFlight.keys()));
      if (this.#stopped) return;
      if (messages.length === room) into.caughtUp = false;
      for (const message of messages) this.#send(message);
    } catch (error) {
      if (this.#stopped) return;
      log.error('cannot read the outbox', { error });
      into.caughtUp = false;
      this.#retryLater();
    }
  }

  #send(message: OutboxMessage): void {
    if (this.#inFlight.has(message.seq)) return;
    const { transport, topicOf } = this.#options;
    this.#inFlight.set(message.seq, message.kind);
    transport.publish(topicOf(message.kind), message.body).then(
      () => this.#acknowledged(message),
      (error: unknown) => this.#failed(message, error),
    );
  }

  #acknowledged(message: OutboxMessage): void {
    this.#failures = 0;
    this.#inFlight.delete(message.seq);
    this.#options.outbox.remove([message]);
    this.#pump(this.#lanes.click);
    this.#pump(this.#lanes.telemetry);
    this.#checkIdle();
  }

  #failed(message: OutboxMessage, error: unknown): void {
    this.#inFlight.delete(message.seq);
    this.#lanes[message.kind].caughtUp = false;
    if (this.#stopped) return;
    const { log, transport } = this.#options;
    log[this.#failures++ === 0 ? 'warn' : 'debug']('message not acknowledged, will be sent again', {
      seq: message.seq,
      error,
    });
    // Without a connection the next one restarts everything; with one, a pause keeps this from spinning.
    if (transport.connected) this.#retryLater();
  }

  #retryLater(): void {
    if (this.#stopped) return;
    this.#retry ??= this.#options.clock.after(retryDelayMs, () => {
      this.#restart();
    });
  }

  #checkIdle(): void {
    const busy = Object.values(this.#lanes).some((each) => !each.caughtUp || each.reading);
    if (busy || this.#inFlight.size > 0) return;
    for (const resolve of this.#idleWaiters) resolve();
    this.#idleWaiters.clear();
  }
}

function lane(kind: OutboxKind, limit: number): Lane {
  return { kind, limit, caughtUp: false, reading: false };
}
