/**
 * How often an alarm may speak: so many notices an hour, and one summary of the rest when the hour is over.
 * Pure; times are on the monotonic scale.
 */

export interface NoticeWindow {
  readonly startedMs: number;
  readonly notices: number;
  /** Changes that were not told. */
  readonly withheld: number;
}

export const windowMs = 3_600_000;

export interface Decision {
  readonly window: NoticeWindow;
  readonly isTold: boolean;
}

/** For a change that the rule wants to be told. */
export function decide(window: NoticeWindow, noticesPerHour: number, nowMs: number): Decision {
  // With something withheld the hour ends by its summary only.
  const isOver = nowMs - window.startedMs >= windowMs && window.withheld === 0;
  const current = isOver ? { startedMs: nowMs, notices: 0, withheld: 0 } : window;
  if (current.notices >= noticesPerHour) {
    return { window: { ...current, withheld: current.withheld + 1 }, isTold: false };
  }
  return { window: { ...current, notices: current.notices + 1 }, isTold: true };
}

/** When a summary is to be sent; undefined for never. */
export function summaryDueMs(window: NoticeWindow): number | undefined {
  return window.withheld > 0 ? window.startedMs + windowMs : undefined;
}
