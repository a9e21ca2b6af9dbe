/**
 * Keeps the retained status message right: online after every connect, offline by the last will or
 * before a close.
 */
import type { Clock, Timer } from '../core/clock.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { StatusMessage } from '../core/wire/messages.js';
import { thingTopic } from '../core/wire/topics.js';
import type { Transport, TransportOptions } from './transport/transport.js';

export interface StatusOptions {
  readonly transport: Transport;
  readonly thing: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Read at every connect. */
  readonly status: () => Omit<StatusMessage, 'v' | 'online'>;
}

/**
 * A broker that still held this client's old connection publishes the old will while it takes the
 * new one, possibly after the first "online"; the repetition has the last word.
 */
const repeatAfterMs = 3_000;

export class StatusPublisher implements Closeable {
  readonly #options: StatusOptions;
  #undo: () => void = () => {};
  #repeat: Timer | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: StatusOptions) {
    this.#options = options;
  }

  static open(options: StatusOptions): StatusPublisher {
    const publisher = new StatusPublisher(options);
    publisher.#undo = options.transport.onConnect(() => publisher.#onConnect());
    return publisher;
  }

  /** Says offline when connected; gives up with the transport's publish limit. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    this.#undo();
    this.#repeat?.cancel();
    if (this.#options.transport.connected) await this.#publish(offlineStatus());
  }

  /** Says what is so now; without a connection, the next connect does. */
  say(): void {
    if (this.#closing === undefined && this.#options.transport.connected) void this.#sayOnline();
  }

  #onConnect(): void {
    this.#repeat?.cancel();
    this.#repeat = this.#options.clock.after(repeatAfterMs, () => void this.#sayOnline(), {
      background: true,
    });
    void this.#sayOnline();
  }

  #sayOnline(): Promise<void> {
    return this.#publish(JSON.stringify({ v: 1, online: true, ...this.#options.status() }));
  }

  /** Never rejects: the next connect says it again. */
  async #publish(payload: string): Promise<void> {
    const { transport, thing, log } = this.#options;
    try {
      await transport.publish(thingTopic(thing, 'status'), payload, { retain: true });
    } catch (error) {
      log.debug('status not published', { error });
    }
  }
}

function offlineStatus(): string {
  return JSON.stringify({ v: 1, online: false } satisfies StatusMessage);
}

export function offlineWill(thing: string): NonNullable<TransportOptions['will']> {
  return { topic: thingTopic(thing, 'status'), payload: offlineStatus(), retain: true };
}
