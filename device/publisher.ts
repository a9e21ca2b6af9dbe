/**
 * Empties the outbox through the transport. A message is removed only after its acknowledgement and
 * is sent again after every failure. At most `window` messages are in flight. A click of this moment goes
 * first, after those of this moment before it: somebody stands at the button now. Older clicks and telemetry
 * take a part of the places each, so that it never waits behind them.
 */
import type { Clock, Timer } from '../core/clock.js';
import { withTimeout } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Outbox } from './outbox.js';
import { everySeq, type OutboxKind, type OutboxMessage, type SeqRange } from './outbox-store.js';
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

/** One way out. `caughtUp`: everything stored that goes this way is in flight. */
interface Lane {
  readonly kind: OutboxKind;
  /** Messages in flight at most. */
  readonly limit: number;
  /** While others are in flight, the outbox is read for so many at least, not for one at a time. */
  readonly portion: number;
  caughtUp: boolean;
  reading: boolean;
}

const retryDelayMs = 1_000;
/** A click that found no connection is of this moment for so long. */
const freshMs = 30_000;
/** Places that all else leaves to clicks of this moment, and those that older clicks may take. */
const freshClicks = 8;
const oldClicks = 8;

export class Publisher implements Closeable {
  readonly #options: PublisherOptions;
  readonly #inFlight = new Map<number, Lane>();
  readonly #undo: (() => void)[] = [];
  readonly #idleWaiters = new Set<() => void>();
  readonly #lanes: Readonly<Record<'fresh' | 'old' | 'telemetry', Lane>>;
  readonly #window: number;
  /** What is not a click of this moment leaves the rest of the window free. */
  readonly #backlogWindow: number;
  /** Clicks of this moment that are not acknowledged, in order: when each was told of, monotonic milliseconds. */
  readonly #fresh = new Map<number, number>();
  #retry: Timer | undefined;
  #failures = 0;
  #stopped = false;
  #closing: Promise<void> | undefined;

  private constructor(options: PublisherOptions) {
    this.#options = options;
    this.#window = options.window ?? 64;
    const reserved = Math.min(freshClicks, Math.floor(this.#window / 4));
    this.#backlogWindow = this.#window - reserved;
    // In the order in which they are served.
    this.#lanes = {
      fresh: lane('click', this.#window, reserved / 2),
      old: lane('click', oldClicks),
      telemetry: lane('telemetry', options.telemetryWindow ?? 48),
    };
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

  /** A message was committed: it goes out in the same turn unless others wait on its way. */
  #offer(message: OutboxMessage): void {
    const { connected } = this.#options.transport;
    const into = message.kind === 'click' ? this.#lanes.fresh : this.#lanes.telemetry;
    if (message.kind === 'click') this.#fresh.set(message.seq, this.#options.clock.monotonicMs());
    // While connected they stay fresh: old clicks are not looked for again before the next start.
    if (!connected) this.#forgetStale();
    const isReady = connected && !this.#stopped && !this.#held(into);
    if (isReady && into.caughtUp && !into.reading && this.#room(into) > 0) {
      this.#send(message, into);
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
    this.#forgetStale();
    for (const each of Object.values(this.#lanes)) each.caughtUp = false;
    this.#lanes.fresh.caughtUp = this.#fresh.size === 0;
    this.#pumpAll();
  }

  /** Clicks that are no longer of this moment go with the old ones, from the next start on. */
  #forgetStale(): void {
    const sinceMs = this.#options.clock.monotonicMs() - freshMs;
    for (const [seq, atMs] of this.#fresh) {
      if (atMs >= sinceMs) return;
      this.#fresh.delete(seq);
    }
  }

  #pumpAll(): void {
    for (const each of Object.values(this.#lanes)) this.#pump(each);
  }

  /** Clicks are of this moment from the first such one on. */
  #rangeOf(into: Lane): SeqRange {
    if (into.kind === 'telemetry') return everySeq;
    const [first = everySeq.before] = this.#fresh.keys();
    return into === this.#lanes.fresh
      ? { from: first, before: everySeq.before }
      : { from: everySeq.from, before: first };
  }

  #sending(into: Lane): number {
    return [...this.#inFlight.values()].filter((each) => each === into).length;
  }

  #room(into: Lane): number {
    const window = into === this.#lanes.fresh ? this.#window : this.#backlogWindow;
    return Math.min(window - this.#inFlight.size, into.limit - this.#sending(into));
  }

  #pump(into: Lane): void {
    const ready = !this.#stopped && this.#retry === undefined && this.#options.transport.connected;
    if (!ready || this.#held(into) || into.reading || into.caughtUp) return;
    const { fresh } = this.#lanes;
    // All else waits until clicks of this moment are on their way.
    if (into !== fresh && (fresh.reading || !fresh.caughtUp)) return;
    const room = this.#room(into);
    if (room <= 0 || (room < into.portion && this.#sending(into) > 0)) return;
    into.reading = true;
    // Set before reading: a message that is committed meanwhile clears it again.
    into.caughtUp = true;
    void this.#read(into, room).then(() => {
      into.reading = false;
      this.#pumpAll();
      this.#checkIdle();
    });
  }

  async #read(into: Lane, room: number): Promise<void> {
    const { outbox, log } = this.#options;
    try {
      const except = new Set(this.#inFlight.keys());
      const messages = await outbox.peek(into.kind, room, except, this.#rangeOf(into));
      if (this.#stopped) return;
      if (messages.length === room) into.caughtUp = false;
      for (const message of messages) this.#send(message, into);
    } catch (error) {
      if (this.#stopped) return;
      log.error('cannot read the outbox', { error });
      into.caughtUp = false;
      this.#retryLater();
    }
  }

  #send(message: OutboxMessage, from: Lane): void {
    if (this.#inFlight.has(message.seq)) return;
    const { transport, topicOf } = this.#options;
    this.#inFlight.set(message.seq, from);
    transport.publish(topicOf(message.kind), message.body).then(
      () => this.#acknowledged(message),
      (error: unknown) => this.#failed(message, error, from),
    );
  }

  #acknowledged(message: OutboxMessage): void {
    this.#failures = 0;
    this.#inFlight.delete(message.seq);
    this.#fresh.delete(message.seq);
    this.#options.outbox.remove([message]);
    this.#pumpAll();
    this.#checkIdle();
  }

  #failed(message: OutboxMessage, error: unknown, from: Lane): void {
    this.#inFlight.delete(message.seq);
    from.caughtUp = false;
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

function lane(kind: OutboxKind, limit: number, portion = limit / 2): Lane {
  return { kind, limit, portion, caughtUp: false, reading: false };
}
