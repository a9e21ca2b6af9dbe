/**
 * Hands events to every open dashboard as server-sent events (WHATWG HTML, section 9.2). A client
 * that does not read loses its connection, not our memory: it connects again and reads afresh.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { StreamEvent } from '../../core/wire/api.js';
import { tooManyStreams } from './errors.js';

interface Client {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  heartbeat: Timer | undefined;
}

const heartbeatMs = 15_000;
const maxClients = 64;
const maxQueuedBytes = 256 * 1024;
const utf8 = new TextEncoder();

export class StreamHub implements Closeable {
  readonly #clock: Clock;
  readonly #clients = new Set<Client>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  publish(event: StreamEvent): void {
    if (this.#clients.size === 0) return;
    const bytes = utf8.encode(`event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`);
    for (const client of this.#clients) this.#send(client, bytes);
  }

  /** The body of one `/stream` answer. @throws TOO_MANY_STREAMS */
  connect(): ReadableStream<Uint8Array> {
    if (this.#closed || this.#clients.size >= maxClients) throw tooManyStreams();
    let client: Client | undefined;
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          client = { controller, heartbeat: undefined };
          this.#clients.add(client);
          // Something at once, so that the browser knows that the stream is open.
          this.#send(client, utf8.encode('retry: 2000\n\n'));
          this.#beat(client);
        },
        cancel: () => {
          if (client) this.#forget(client);
        },
      },
      { highWaterMark: maxQueuedBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const client of [...this.#clients]) this.#drop(client);
  }

  #beat(client: Client): void {
    client.heartbeat = this.#clock.after(
      heartbeatMs,
      () => {
        this.#send(client, utf8.encode(': alive\n\n'));
        if (this.#clients.has(client)) this.#beat(client);
      },
      { background: true },
    );
  }

  #send(client: Client, bytes: Uint8Array): void {
    if ((client.controller.desiredSize ?? 0) < bytes.length) this.#drop(client);
    else client.controller.enqueue(bytes);
  }

  #drop(client: Client): void {
    this.#forget(client);
    try {
      client.controller.close();
    } catch {
      // It was cancelled from the other side a moment ago.
    }
  }

  #forget(client: Client): void {
    client.heartbeat?.cancel();
    this.#clients.delete(client);
  }
}
