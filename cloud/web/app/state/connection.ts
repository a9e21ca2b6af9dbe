/**
 * Keeps the page in step with the backend: listen, load, and when the stream ends, say so and try
 * again with growing pauses. Events that arrive while loading are applied after it, none is lost.
 */
import { type Clock, type Timer, withTimeout } from '../../../../core/clock.js';
import { hasCode } from '../../../../core/errors.js';
import type { StreamEvent } from '../../../../core/wire/api.js';
import type { EventStream, OpenStream } from '../api/stream.js';
import { sentenceOf, unreachable } from '../errors.js';
import type { ConnectionState } from './model.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly openStream: OpenStream;
  /** A cheap call that rejects when the backend is away or the session is; a stream cannot tell which. */
  readonly check: () => Promise<unknown>;
  /** Loads everything and shows it. */
  readonly load: () => Promise<void>;
  readonly onEvent: (event: StreamEvent) => void;
  readonly onState: (state: ConnectionState) => void;
}

const retryDelaysMs = [1_000, 2_000, 4_000, 8_000, 15_000];
const openLimitMs = 15_000;

export class Connection {
  readonly #options: ConnectionOptions;
  #stream: EventStream | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  /** Rises with every attempt, so that an abandoned one notices and stays silent. */
  #attempt = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Starts an attempt now and drops the one under way. Never rejects. */
  async connect(): Promise<void> {
    this.close();
    const attempt = this.#attempt;
    const isStale = () => attempt !== this.#attempt;
    try {
      await this.#options.check();
      if (isStale()) return;
      const ready = await this.#listen(isStale);
      await this.#options.load();
      if (isStale()) return;
      ready();
      this.#failures = 0;
      this.#options.onState({ kind: 'live' });
    } catch (error) {
      if (!isStale()) this.#failed(error);
    }
  }

  /** Ends the stream and any waiting attempt; `connect` starts anew. */
  close(): void {
    this.#attempt += 1;
    this.#timer?.cancel();
    this.#stream?.close();
    this.#stream = undefined;
  }

  /**
   * Resolves when the stream is open, to the function that lets events through from then on.
   * That one throws when the stream has ended meanwhile.
   */
  #listen(isStale: () => boolean): Promise<() => void> {
    let waiting: StreamEvent[] | undefined = [];
    let lost = false;
    const ready = () => {
      if (lost) throw unreachable(undefined);
      const events = waiting ?? [];
      waiting = undefined;
      for (const event of events) this.#options.onEvent(event);
    };
    const opened = new Promise<() => void>((resolve, reject) => {
      this.#stream = this.#options.openStream({
        onOpen: () => resolve(ready),
        onEvent: (event) => {
          if (isStale()) return;
          if (waiting === undefined) this.#options.onEvent(event);
          else waiting.push(event);
        },
        onLost: () => {
          if (isStale()) return;
          lost = true;
          reject(unreachable(undefined));
          if (waiting === undefined) this.#failed(unreachable(undefined));
        },
      });
    });
    return withTimeout(this.#options.clock, openLimitMs, opened, () => {
      throw unreachable(undefined);
    });
  }

  #failed(error: unknown): void {
    this.close();
    const { clock, onState } = this.#options;
    if (hasCode(error, 'SIGNED_OUT')) {
      onState({ kind: 'signed-out' });
      return;
    }
    const delayMs = retryDelaysMs[Math.min(this.#failures, retryDelaysMs.length - 1)] ?? 0;
    this.#failures += 1;
    const sentence = sentenceOf(error);
    onState({ kind: 'lost', retryAtMs: clock.now() + delayMs, sentence });
    this.#timer = clock.after(delayMs, () => {
      onState({ kind: 'lost', retryAtMs: null, sentence });
      void this.connect();
    });
  }
}
