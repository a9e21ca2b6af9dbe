/**
 * How a background flow yields, in the manner of LEDBAT (RFC 6817): the queue on the way is the
 * delay above the smallest seen in ten minutes, and the rate follows its distance from a target.
 * Pure: states and samples in, states out. Rates, not windows, so the rate that arrives is the
 * measure to which the correction is applied; steps on the rate itself would swing for ever.
 */

/** RFC 6817 section 2.5 allows at most 100 ms of queue. */
export const targetMs = 60;
/** It never starves, whatever the others do. */
export const floorBytesPerSecond = 16 * 1024;
/** Where a flow of which nothing is known begins. */
const firstBytesPerSecond = 128 * 1024;
/** Below this a queue cannot be told from jitter: the line is free. */
const freeMs = targetMs / 3;
/** A step's correction at an empty queue; at a full one it is three times that, downwards. */
const gain = 0.12;
const mostAboveTarget = 3;
/** While the line stays free the steps grow, to this multiple after so many of them. */
const mostGrowth = 2;
const freeStepsPerGrowth = 3;
/** While nothing has ever queued. */
const startingGrowth = 1.5;
/** Whoever uses less of the ceiling than this has no need of a higher one. */
const usedPart = 0.7;
/** A queue of our own would have gone by then: this one is another's. */
const ownQueueSteps = 5;
const lossPauseMs = 1_000;
/** Fewer, on a free line, are the kernel's probes of a request's tail, or a radio's errors. */
const lossSegments = 3;
const recentSamples = 3;

/** Smallest delay of each minute, oldest first (RFC 6817 section 2.4.2: BASE_HISTORY is 10). */
export type DelayHistory = readonly { readonly minute: number; readonly ms: number }[];

const historyMinutes = 10;
const minuteMs = 60_000;

export function withDelay(history: DelayHistory, delayMs: number, nowMs: number): DelayHistory {
  const minute = Math.floor(nowMs / minuteMs);
  const last = history.at(-1);
  if (last?.minute === minute) {
    return delayMs < last.ms ? [...history.slice(0, -1), { minute, ms: delayMs }] : history;
  }
  const recent = history.filter((entry) => entry.minute > minute - historyMinutes);
  return [...recent, { minute, ms: delayMs }];
}

/** Milliseconds; infinite for an empty history. */
export function baseDelayMs(history: DelayHistory): number {
  return Math.min(...history.map(({ ms }) => ms));
}

export interface YieldState {
  readonly ceilingBytesPerSecond: number;
  /** Until the first queue or loss. */
  readonly isStarting: boolean;
  readonly lastLossMs: number;
  /** Steps since the last queue or loss. */
  readonly freeSteps: number;
  /** Steps since the queue was last within the target. */
  readonly busySteps: number;
  /** The smaller of two samples counts: a lone late one is jitter (RFC 6817 section 2.4.2, CURRENT_FILTER). */
  readonly lastQueueMs: number;
  /** What arrived lately, newest first. The most of it counts: a gap between requests is no jam. */
  readonly recent: readonly number[];
}

export interface YieldSample {
  /** Monotonic. */
  readonly nowMs: number;
  /** Delay above the base. */
  readonly queueMs: number;
  /** What arrived, over about half a second. */
  readonly bytesPerSecond: number;
  /** Segments sent again since the last sample. */
  readonly resent: number;
}

export function beginYielding(bytesPerSecond: number): YieldState {
  return {
    ceilingBytesPerSecond: Math.max(firstBytesPerSecond, bytesPerSecond),
    isStarting: true,
    lastLossMs: Number.NEGATIVE_INFINITY,
    freeSteps: 0,
    busySteps: 0,
    lastQueueMs: Number.POSITIVE_INFINITY,
    recent: [],
  };
}

/** To be called every few round trips, about every 200 ms. */
export function yieldStep(state: YieldState, sample: YieldSample): YieldState {
  const { nowMs, resent } = sample;
  const queueMs = Math.min(sample.queueMs, state.lastQueueMs);
  const seen = {
    lastQueueMs: sample.queueMs,
    recent: [sample.bytesPerSecond, ...state.recent].slice(0, recentSamples),
  };
  const arriving = Math.max(...seen.recent);
  // What allows to grow must be true now; what makes fall back must last.
  const isFree = sample.queueMs < freeMs;
  const isLoss = resent >= lossSegments || (resent > 0 && !isFree);
  if (isLoss && nowMs - state.lastLossMs >= lossPauseMs) {
    const halved = Math.min(state.ceilingBytesPerSecond, arriving) / 2;
    const ceilingBytesPerSecond = floored(halved);
    return {
      ...seen,
      ceilingBytesPerSecond,
      isStarting: false,
      lastLossMs: nowMs,
      freeSteps: 0,
      busySteps: 0,
    };
  }
  return {
    ...state,
    ...seen,
    ceilingBytesPerSecond: floored(nextCeiling(state, { queueMs, isFree, arriving })),
    isStarting: state.isStarting && isFree,
    freeSteps: isFree ? state.freeSteps + 1 : 0,
    busySteps: queueMs > targetMs ? state.busySteps + 1 : 0,
  };
}

interface Line {
  readonly queueMs: number;
  readonly isFree: boolean;
  readonly arriving: number;
}

function nextCeiling(state: YieldState, { queueMs, isFree, arriving }: Line): number {
  const { ceilingBytesPerSecond: ceiling, isStarting } = state;
  const correction = 1 + gain * Math.max(-mostAboveTarget, 1 - queueMs / targetMs);
  // With a queue what arrives is our part of the line, whatever we send.
  const isOthers = state.busySteps >= ownQueueSteps;
  if (queueMs > targetMs) return (isOthers ? Math.min(ceiling, arriving) : arriving) * correction;
  if (arriving < usedPart * ceiling) return ceiling;
  if (!isFree) return arriving * correction;
  if (isStarting) return ceiling * startingGrowth;
  const growth = Math.min(mostGrowth, 1 + Math.floor(state.freeSteps / freeStepsPerGrowth));
  return ceiling * (1 + (correction - 1) * growth);
}

function floored(bytesPerSecond: number): number {
  return Math.round(Math.max(floorBytesPerSecond, bytesPerSecond));
}
