/**
 * The throttle of one process: a pair of limiters for all its connections, moved by the user's
 * setting, else by what the process was started with, each possibly a timetable. Says what is in
 * force and why. What others set through the data directory arrives by `control.ts`.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Wire } from './paced-socket.js';
import { RateLimiter } from './rate-limiter.js';
import { RateMeter } from './rate-meter.js';
import { RoundTrips } from './round-trips.js';
import type { ThrottleSetting } from './throttle-file.js';
import {
  type Limits,
  nextChangeMs,
  parseOneWay,
  parseTimetable,
  type Rates,
  ratesAt,
  type Timetable,
} from './timetable.js';
import { Yielder, type YieldStatus } from './yielder.js';

/** Times in ISO 8601, rates in bytes per second, null for none. */
export interface ThrottleStatus {
  readonly paused: boolean;
  readonly upload_limit: number | null;
  readonly download_limit: number | null;
  /** `temporary` and `setting` are from `gatehouse throttle`; `start` from options or configuration. */
  readonly source: 'temporary' | 'setting' | 'start' | 'none';
  /** As it was written. */
  readonly text: string | null;
  /** Until when a temporary setting or a pause holds. */
  readonly until: string | null;
  readonly upload_rate: number;
  readonly download_rate: number;
  readonly uploaded_bytes: number;
  readonly downloaded_bytes: number;
  /** Null when it does not yield; of jobs that yield by themselves the one with the longest queue. */
  readonly yielding: YieldStatus | null;
  readonly next: {
    readonly at: string;
    readonly upload_limit: number | null;
    readonly download_limit: number | null;
  } | null;
}

interface Tables {
  readonly upload: Timetable | undefined;
  readonly download: Timetable | undefined;
}

interface Scope {
  readonly limiters: readonly Wire[];
  readonly tables: Tables;
  readonly yields: boolean;
  readonly yielder: Yielder;
}

export interface ThrottleOptions {
  readonly limits?: Limits;
  /** Falls back when round trips grow; false unless told. */
  readonly yields?: boolean | undefined;
  readonly clock: Clock;
}

const minuteMs = 60_000;

export class Throttle implements Closeable {
  readonly wire: Wire;
  readonly #line: Wire;
  readonly #clock: Clock;
  readonly #start: Tables;
  readonly #startYields: boolean;
  readonly #yielder: Yielder;
  readonly #scopes = new Set<Scope>();
  #setting: ThrottleSetting = {};
  #timer: Timer | undefined;
  #closed = false;

  private constructor({ limits = {}, yields = false, clock }: ThrottleOptions) {
    this.#clock = clock;
    this.#start = tablesOf(limits);
    this.#startYields = yields;
    const wire: Wire = {
      upload: new RateLimiter(undefined, { clock }),
      download: new RateLimiter(undefined, { clock }),
      sent: new RateMeter({ clock }),
      received: new RateMeter({ clock }),
      clock,
    };
    const roundTrips = new RoundTrips(clock);
    this.#line = { ...below(wire), roundTrips };
    this.#yielder = new Yielder(this.#line, roundTrips);
    this.wire = { ...wire, line: this.#line };
  }

  /** @throws RATE_MALFORMED. */
  static open(options: ThrottleOptions): Throttle {
    const throttle = new Throttle(options);
    throttle.#apply();
    return throttle;
  }

  /** Takes effect at once; kept nowhere. @throws RATE_MALFORMED. */
  set(setting: ThrottleSetting): void {
    tablesOf(setting.setting ?? {});
    tablesOf(setting.temporary ?? {});
    this.#setting = setting;
    this.#apply();
  }

  /** Until further notice and for this process only, as a signal does it; undefined is no limit. */
  setRate(rates: Partial<Rates>): void {
    const { setting } = this.#setting;
    const said = (rate: number | undefined) => (rate === undefined ? 'off' : `${rate / 1024}k`);
    this.set({
      ...this.#setting,
      setting: {
        ...setting,
        ...('upload' in rates ? { upload: said(rates.upload) } : {}),
        ...('download' in rates ? { download: said(rates.download) } : {}),
      },
    });
  }

  /**
   * For a part of the process with limits of its own below the common ones: a job. While the user
   * has set the throttle, only that holds. One that `yields` does so alone, unless all do.
   * @throws RATE_MALFORMED.
   */
  scope(limits: Limits, yields = false): { readonly wire: Wire; readonly end: () => void } {
    const roundTrips = new RoundTrips(this.#clock, this.#line.roundTrips);
    const line = { ...below(this.#line), roundTrips };
    const wire = { ...below(this.wire), line };
    const yielder = new Yielder(line, roundTrips);
    const scope: Scope = { limiters: [wire, line], tables: tablesOf(limits), yields, yielder };
    this.#scopes.add(scope);
    this.#apply();
    const end = () => {
      this.#scopes.delete(scope);
      yielder.set(false);
    };
    return { wire, end };
  }

  status(): ThrottleStatus {
    const { upload, download, sent, received } = this.wire;
    const { source, tables, untilMs } = this.#inForce();
    const nowMs = this.#clock.now();
    const pauseUntilMs = this.#setting.pause?.untilMs;
    const end = upload.isPaused ? pauseUntilMs : untilMs;
    return {
      paused: upload.isPaused,
      upload_limit: upload.bytesPerSecond ?? null,
      download_limit: download.bytesPerSecond ?? null,
      source,
      text: textOf(tables),
      until: end === undefined ? null : new Date(end).toISOString(),
      upload_rate: Math.round(sent.bytesPerSecond),
      download_rate: Math.round(received.bytesPerSecond),
      uploaded_bytes: sent.totalBytes,
      downloaded_bytes: received.totalBytes,
      next: nextOf(tables, nowMs),
      yielding: this.#yieldStatus(),
    };
  }

  #yieldStatus(): YieldStatus | null {
    const all = [this.#yielder, ...[...this.#scopes].map(({ yielder }) => yielder)];
    const found = all.map((yielder) => yielder.status()).filter((status) => status !== null);
    found.sort((one, other) => (other.queue_delay_ms ?? 0) - (one.queue_delay_ms ?? 0));
    return found[0] ?? null;
  }

  /** Idempotent. Lets everything go, so that nobody waits for a throttle that is no more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    for (const { yielder } of [{ yielder: this.#yielder }, ...this.#scopes]) yielder.set(false);
    for (const limiter of [this.wire.upload, this.wire.download]) {
      limiter.setRate(undefined);
      limiter.resume();
    }
  }

  #inForce(): { source: ThrottleStatus['source']; tables: Tables; untilMs?: number } {
    const { setting, temporary } = this.#setting;
    if (temporary !== undefined && this.#clock.now() < temporary.untilMs)
      return { source: 'temporary', tables: tablesOf(temporary), untilMs: temporary.untilMs };
    if (setting !== undefined) return { source: 'setting', tables: tablesOf(setting) };
    const isLimited = this.#start.upload !== undefined || this.#start.download !== undefined;
    return { source: isLimited ? 'start' : 'none', tables: this.#start };
  }

  #apply(): void {
    if (this.#closed) return;
    const nowMs = this.#clock.now();
    const { source, tables, untilMs } = this.#inForce();
    moveTo(this.wire, ratesOf(tables, nowMs));
    this.#applyYields();
    const isSet = source === 'setting' || source === 'temporary';
    for (const { limiters, tables: own } of this.#scopes) {
      const rates = isSet ? { upload: undefined, download: undefined } : ratesOf(own, nowMs);
      for (const wire of limiters) moveTo(wire, rates);
    }
    const { pause } = this.#setting;
    const isPaused = pause !== undefined && nowMs < (pause.untilMs ?? Number.POSITIVE_INFINITY);
    for (const limiter of [this.wire.upload, this.wire.download]) {
      if (isPaused) limiter.pause();
      else limiter.resume();
    }
    this.#again(nowMs, [untilMs, pause?.untilMs]);
  }

  #applyYields(): void {
    const { yields: isSet } = this.#setting;
    const allYield = isSet ?? this.#startYields;
    this.#yielder.set(allYield);
    for (const { yielder, yields } of this.#scopes) {
      yielder.set(isSet === undefined && !allYield && yields);
    }
  }

  /** At every full minute, so that a clock that was set or changed its zone is noticed as well. */
  #again(nowMs: number, ends: readonly (number | undefined)[]): void {
    this.#timer?.cancel();
    const waits = ends.filter((end) => end !== undefined).map((end) => end - nowMs);
    const delayMs = Math.min(minuteMs - (nowMs % minuteMs), ...waits.filter((wait) => wait > 0));
    // Those who wait in a pause have no timer of their own: this one keeps the process.
    const background = !this.wire.upload.isPaused;
    this.#timer = this.#clock.after(delayMs, () => this.#apply(), { background });
  }
}

function tablesOf({ upload, download }: Limits): Tables {
  return {
    upload: upload === undefined ? undefined : parseTimetable(upload),
    download: download === undefined ? undefined : parseOneWay(download),
  };
}

function ratesOf({ upload, download }: Tables, ms: number): Rates {
  const both = upload === undefined ? undefined : ratesAt(upload, ms);
  const down = download === undefined ? both?.download : ratesAt(download, ms).upload;
  return { upload: both?.upload, download: down };
}

function nextOf(tables: Tables, nowMs: number): ThrottleStatus['next'] {
  const changes = [tables.upload, tables.download].map((table) => table && nextChangeMs(table, nowMs));
  const times = changes.filter((at) => at !== undefined);
  if (times.length === 0) return null;
  const at = Math.min(...times);
  const { upload, download } = ratesOf(tables, at);
  return { at: new Date(at).toISOString(), upload_limit: upload ?? null, download_limit: download ?? null };
}

function textOf({ upload, download }: Tables): string | null {
  if (upload === undefined && download === undefined) return null;
  return [upload?.text, download && `download ${download.text}`].filter(Boolean).join('; ');
}

function below(wire: Wire): Wire {
  const { clock, upload, download } = wire;
  return {
    ...wire,
    upload: new RateLimiter(undefined, { clock, parent: upload }),
    download: new RateLimiter(undefined, { clock, parent: download }),
  };
}

function moveTo(wire: Wire, rates: Rates): void {
  wire.upload.setRate(rates.upload);
  wire.download.setRate(rates.download);
}
