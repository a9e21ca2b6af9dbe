/**
 * When a backup will end: the later of the ends of reading and of sending, reading by the rate of the
 * last half minute or so, sending by that of the last five. A pure reducer: a sample in, a new estimate
 * out. It follows new rates gradually, so that it does not jump about, and is unknown until there is
 * something to go by.
 */

export interface EtaSample {
  /** Of a clock that never goes backwards. */
  readonly timeMs: number;
  /** Bytes read or found unchanged. */
  readonly doneBytes: number;
  /** Undefined while it is still being counted. */
  readonly totalBytes: number | undefined;
  /** Bytes to be stored so far, compressed; undefined when the engine does not tell. */
  readonly storedBytes: number | undefined;
  /** Of these, how many the bucket has taken; undefined when the engine does not tell. */
  readonly sentBytes: number | undefined;
}

interface Pace {
  /** Both decay at the same pace, so that their quotient is the recent rate from the first sample on. */
  readonly bytes: number;
  readonly ms: number;
}

export interface Eta {
  readonly firstMs: number;
  readonly sample: EtaSample;
  readonly reading: Pace;
  readonly sending: Pace;
  /** Undefined as long as nobody can know. */
  readonly remainingMs: number | undefined;
}

const readDecayMs = 30_000;
/** Packs are taken whole, which at a slow uplink is once a minute; its rate changes little. */
const sendDecayMs = 5 * 60_000;
const followMs = 10_000;
/** Samples nearer together than this are taken as one. */
const grainMs = 250;
/** Earlier than this an estimate would be guesswork. */
const warmUpMs = 3_000;

/** @param before the estimate so far; undefined for the first sample. */
export function advanceEta(before: Eta | undefined, sample: EtaSample): Eta {
  if (before === undefined) {
    const still: Pace = { bytes: 0, ms: 0 };
    return { firstMs: sample.timeMs, sample, reading: still, sending: still, remainingMs: undefined };
  }
  const elapsedMs = sample.timeMs - before.sample.timeMs;
  if (elapsedMs < grainMs) return before;
  const readBytes = sample.doneBytes - before.sample.doneBytes;
  const reading = paced(before.reading, { bytes: readBytes, ms: elapsedMs }, readDecayMs);
  const sentBytes = (sample.sentBytes ?? 0) - (before.sample.sentBytes ?? 0);
  const sending = paced(before.sending, { bytes: sentBytes, ms: elapsedMs }, sendDecayMs);
  const isWarm = sample.timeMs - before.firstMs >= warmUpMs;
  const raw = isWarm ? rawRemainingMs(sample, reading, sending) : undefined;
  return {
    firstMs: before.firstMs,
    sample,
    reading,
    sending,
    remainingMs: followed(before.remainingMs, raw, elapsedMs),
  };
}

function paced(before: Pace, more: Pace, decayMs: number): Pace {
  const decay = Math.exp(-more.ms / decayMs);
  return { bytes: before.bytes * decay + Math.max(0, more.bytes), ms: before.ms * decay + more.ms };
}

/** Bytes per second; undefined before anything is known. */
export function rateOf(pace: Pace): number | undefined {
  return pace.ms === 0 ? undefined : (pace.bytes / pace.ms) * 1000;
}

function rawRemainingMs(sample: EtaSample, reading: Pace, sending: Pace): number | undefined {
  if (sample.totalBytes === undefined || sample.doneBytes <= 0) return undefined;
  const toRead = Math.max(0, sample.totalBytes - sample.doneBytes);
  const readMs = timeFor(toRead, reading);
  const sendMs = sendingMs(sample, toRead, sending);
  return readMs === undefined || sendMs === undefined ? undefined : Math.max(readMs, sendMs);
}

/** What waits, and what the rest will bring if it is as new and as compressible as what was read. */
function sendingMs({ doneBytes, storedBytes, sentBytes }: EtaSample, toRead: number, sending: Pace) {
  if (storedBytes === undefined || sentBytes === undefined) return 0;
  const waiting = Math.max(0, storedBytes - sentBytes);
  return timeFor(waiting + toRead * (storedBytes / doneBytes), sending);
}

function timeFor(bytes: number, pace: Pace): number | undefined {
  if (bytes < 1) return 0;
  return pace.bytes < 1 ? undefined : (bytes / pace.bytes) * pace.ms;
}

/** Time passes, and what is left of the difference to the new figure is made up for bit by bit. */
function followed(before: number | undefined, raw: number | undefined, elapsedMs: number) {
  if (raw === undefined) return before === undefined ? undefined : Math.max(0, before - elapsedMs);
  if (before === undefined) return raw;
  const passed = before - elapsedMs;
  return Math.max(0, passed + (raw - passed) * (1 - Math.exp(-elapsedMs / followMs)));
}
