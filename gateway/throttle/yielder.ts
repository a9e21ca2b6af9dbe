/**
 * Lets the flows of a wire yield: looks at their round trips while bytes move and sets the ceilings
 * of both limiters. A download's queue shows only in round trips of its own, so it is probed; its
 * ceiling comes with the first queue and goes when nothing queues any more.
 */
import type { Clock, Timer } from '../../core/clock.js';
import type { Wire } from './paced-socket.js';
import type { PathDelay, RoundTrips } from './round-trips.js';
import { beginYielding, targetMs, type YieldState, yieldStep } from './yielding.js';

/** Rates in bytes per second, null for no ceiling; delays in milliseconds, null until measured. */
export interface YieldStatus {
  readonly upload_ceiling: number | null;
  readonly download_ceiling: number | null;
  readonly queue_delay_ms: number | null;
  readonly base_delay_ms: number | null;
}

const lookEveryMs = 200;
const probeEveryMs = 2_000;
/** What arrives is counted over so many looks. */
const rateLooks = 2;
/** Downloads below this leave the line alone. */
const smallDownload = 64 * 1024;

export class Yielder {
  readonly #wire: Wire;
  readonly #roundTrips: RoundTrips;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #isOn = false;
  /** Grows with every start and stop, so that what is under way knows that it is late. */
  #turn = 0;
  #canLook = false;
  #upload: YieldState | undefined;
  #download: YieldState | undefined;
  #delay: PathDelay | undefined;
  #ackedBytes = 0;
  #marks: { readonly ms: number; readonly bytes: number }[] = [];
  #sentBefore = 0;
  #receivedBefore = 0;
  #probedMs = Number.NEGATIVE_INFINITY;
  #isProbing = false;

  constructor(wire: Wire, roundTrips: RoundTrips) {
    this.#wire = wire;
    this.#roundTrips = roundTrips;
    this.#clock = wire.clock;
  }

  /** Idempotent, both ways. */
  set(isOn: boolean): void {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.#turn += 1;
    this.#timer?.cancel();
    if (isOn) this.#start();
    else this.#stop();
  }

  /** Null while it is off. */
  status(): YieldStatus | null {
    if (!this.#isOn) return null;
    const { delayMs, baseMs } = this.#delay ?? {};
    return {
      upload_ceiling: this.#upload?.ceilingBytesPerSecond ?? null,
      download_ceiling: this.#download?.ceilingBytesPerSecond ?? null,
      queue_delay_ms: delayMs === undefined || baseMs === undefined ? null : rounded(delayMs - baseMs),
      base_delay_ms: baseMs === undefined ? null : rounded(baseMs),
    };
  }

  #start(): void {
    const { sent, received } = this.#wire;
    this.#sentBefore = sent.totalBytes;
    this.#receivedBefore = received.totalBytes;
    this.#moveUpload(beginYielding(sent.bytesPerSecond));
    const turn = this.#turn;
    void this.#roundTrips.begin().then((canLook) => {
      this.#canLook = canLook;
      if (turn === this.#turn) this.#again();
    });
  }

  #stop(): void {
    this.#moveUpload(undefined);
    this.#moveDownload(undefined);
    this.#delay = undefined;
    this.#marks = [];
  }

  #again(): void {
    this.#timer = this.#clock.after(
      lookEveryMs,
      () => {
        if (this.#canLook) this.#look();
        this.#probeIfDue();
        this.#again();
      },
      { background: true },
    );
  }

  #look(): void {
    const { path, ackedBytes, resent } = this.#roundTrips.look();
    const nowMs = this.#clock.monotonicMs();
    const begun = this.#marks[0];
    this.#ackedBytes += ackedBytes;
    this.#marks.push({ ms: nowMs, bytes: this.#ackedBytes });
    if (this.#marks.length > rateLooks) this.#marks.shift();
    if (path !== undefined) this.#delay = path;
    const isSilent = ackedBytes === 0 && resent === 0;
    if (isSilent || begun === undefined || this.#delay === undefined || this.#upload === undefined) return;
    const { delayMs, baseMs } = this.#delay;
    const bytesPerSecond = ((this.#ackedBytes - begun.bytes) * 1000) / Math.max(1, nowMs - begun.ms);
    this.#moveUpload(yieldStep(this.#upload, { nowMs, queueMs: delayMs - baseMs, bytesPerSecond, resent }));
  }

  /** For downloads, and for uploads where the kernel does not tell. */
  #probeIfDue(): void {
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#probedMs;
    if (this.#isProbing || passedMs < probeEveryMs) return;
    const { sent, received } = this.#wire;
    const seconds = Math.min(passedMs, 2 * probeEveryMs) / 1000;
    const up = (sent.totalBytes - this.#sentBefore) / seconds;
    const down = (received.totalBytes - this.#receivedBefore) / seconds;
    this.#sentBefore = sent.totalBytes;
    this.#receivedBefore = received.totalBytes;
    this.#probedMs = nowMs;
    const mindsUpload = !this.#canLook && up > 0;
    if (!mindsUpload && down < smallDownload && this.#download === undefined) return;
    this.#isProbing = true;
    void this.#probe(mindsUpload ? up : undefined, down, this.#turn);
  }

  async #probe(up: number | undefined, down: number, turn: number): Promise<void> {
    const path = await this.#roundTrips.probe();
    this.#isProbing = false;
    if (path === undefined || turn !== this.#turn) return;
    const nowMs = this.#clock.monotonicMs();
    const queueMs = path.delayMs - path.baseMs;
    this.#delay = path;
    if (up !== undefined && this.#upload !== undefined) {
      this.#moveUpload(yieldStep(this.#upload, { nowMs, queueMs, bytesPerSecond: up, resent: 0 }));
    }
    this.#stepDownload({ nowMs, queueMs, bytesPerSecond: down, resent: 0 });
  }

  #stepDownload(sample: Parameters<typeof yieldStep>[1]): void {
    const { queueMs, bytesPerSecond } = sample;
    if (this.#download === undefined) {
      if (queueMs <= targetMs || bytesPerSecond < smallDownload) return;
      const begun = { ...beginYielding(bytesPerSecond), isStarting: false };
      this.#moveDownload(yieldStep(begun, sample));
      return;
    }
    const isFree = queueMs < targetMs && bytesPerSecond < this.#download.ceilingBytesPerSecond / 2;
    this.#moveDownload(isFree ? undefined : yieldStep(this.#download, sample));
  }

  #moveUpload(state: YieldState | undefined): void {
    this.#upload = state;
    this.#wire.upload.setCeiling(state?.ceilingBytesPerSecond);
  }

  #moveDownload(state: YieldState | undefined): void {
    this.#download = state;
    this.#wire.download.setCeiling(state?.ceilingBytesPerSecond);
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
