/** What a user's order makes of the throttle's setting. Pure; `throttle-file.ts` keeps it. */
import type { ThrottleSetting } from './throttle-file.js';
import { parseOneWay, parseTimetable } from './timetable.js';

/** `rate` is an order (`off`, `default`, `pause`, `resume`) or what `parseTimetable` reads. */
export interface ThrottleOrder {
  readonly rate?: string | undefined;
  readonly download?: string | undefined;
  readonly untilMs?: number | undefined;
  readonly yields?: boolean | undefined;
}

/**
 * Directions that the order does not name keep what was set. `off` lifts both limits, `default`
 * forgets what was set, so that options and configuration count again.
 * @throws RATE_MALFORMED.
 */
export function newSetting(before: ThrottleSetting, order: ThrottleOrder): ThrottleSetting {
  const { yields, ...rest } = order;
  if (yields === undefined) return newLimits(before, rest);
  const { rate, download } = order;
  const limited = rate === undefined && download === undefined ? before : newLimits(before, rest);
  return { ...limited, yields };
}

function newLimits(before: ThrottleSetting, order: ThrottleOrder): ThrottleSetting {
  const { rate, untilMs } = order;
  const { pause, ...unpaused } = before;
  if (rate === 'pause') return { ...before, pause: untilMs === undefined ? {} : { untilMs } };
  if (rate === 'resume') return unpaused;
  if (rate === 'default') return pause === undefined ? {} : { pause };
  const base = untilMs === undefined ? before.setting : (before.temporary ?? before.setting);
  const limits = { ...pick(base), ...limitsOf(order) };
  if (untilMs !== undefined) return { ...before, temporary: { ...limits, untilMs } };
  const { temporary: _over, ...kept } = before;
  return { ...kept, setting: limits };
}

function limitsOf({ rate, download }: ThrottleOrder): { upload?: string; download?: string } {
  if (rate !== undefined) parseTimetable(rate);
  if (download !== undefined) parseOneWay(download);
  const isOff = rate?.toLowerCase() === 'off';
  return {
    ...(rate === undefined ? {} : { upload: rate }),
    ...(isOff ? { download: 'off' } : {}),
    ...(download === undefined ? {} : { download }),
  };
}

function pick(limits: ThrottleSetting['setting']): { upload?: string; download?: string } {
  const { upload, download } = limits ?? {};
  return { ...(upload === undefined ? {} : { upload }), ...(download === undefined ? {} : { download }) };
}
