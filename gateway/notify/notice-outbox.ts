/**
 * Delivers notices. Each lies in the database until its channel has taken it, so none is lost while
 * the network is away, which is when backups fail. One that a crash leaves between sending and
 * forgetting goes twice, with the same id.
 */
import { type Clock, sleep } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { Notice } from './notice.js';

export interface NoticeChannel {
  readonly name: string;
  /** @throws when it was not taken. */
  send(notice: Notice, signal: AbortSignal): Promise<void>;
}

interface OutboxOptions {
  /** With the table `notices`; see `jobs/history.ts`. */
  readonly database: Database;
  readonly channels: readonly NoticeChannel[];
  readonly clock: Clock;
  readonly log: Logger;
}

interface NoticeRow extends SqlRow {
  n: number;
  notice: string;
  created_ms: number;
}

const firstDelayMs = 10_000;
const longestDelayMs = 60 * 60_000;
/** Older news helps nobody. */
const keptMs = 3 * 24 * 60 * 60_000;

export class NoticeOutbox implements Closeable {
  readonly #options: OutboxOptions;
  readonly #stop = new AbortController();
  /** Channels that are delivering. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Goes on with what an earlier process left. */
  static open(options: OutboxOptions): NoticeOutbox {
    const outbox = new NoticeOutbox(options);
    outbox.#deliver();
    return outbox;
  }

  /** Safe on disk when it resolves; sent from there. */
  async put(notice: Notice): Promise<void> {
    const { database, channels } = this.#options;
    await database.batch(
      channels.map(({ name }) => ({
        sql: 'INSERT INTO notices (channel, notice, created_ms) VALUES (?, ?, ?)',
        params: [name, JSON.stringify(notice), this.#options.clock.now()],
      })),
    );
    this.#deliver();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#busy.values());
  }

  #deliver(): void {
    for (const channel of this.#options.channels) {
      if (this.#busy.has(channel.name) || this.#stop.signal.aborted) continue;
      const delivery = this.#deliverBy(channel).finally(() => this.#busy.delete(channel.name));
      this.#busy.set(channel.name, delivery);
    }
  }

  /** Never rejects. */
  async #deliverBy(channel: NoticeChannel): Promise<void> {
    const { log, clock } = this.#options;
    let failures = 0;
    while (!this.#stop.signal.aborted) {
      try {
        const row = await this.#next(channel.name);
        if (row === undefined) return;
        await this.#send(channel, row);
        failures = 0;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        failures += 1;
        log[failures === 1 ? 'warn' : 'debug']('a notice was not taken', { channel: channel.name, error });
        const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1));
        await sleep(clock, delayMs, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #next(channel: string): Promise<NoticeRow | undefined> {
    const { database } = this.#options;
    return await database.get<NoticeRow>('SELECT * FROM notices WHERE channel = ? ORDER BY n LIMIT 1', [
      channel,
    ]);
  }

  async #send(channel: NoticeChannel, row: NoticeRow): Promise<void> {
    const { database, clock, log } = this.#options;
    const isOld = clock.now() - row.created_ms > keptMs;
    if (isOld) log.error('a notice was given up', { channel: channel.name, notice: row.notice });
    else await channel.send(JSON.parse(row.notice) as Notice, this.#stop.signal);
    await database.run('DELETE FROM notices WHERE n = ?', [row.n]);
  }
}
