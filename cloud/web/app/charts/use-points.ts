/** The points of one series for one span: the live window, which moves, or a longer one, which is fetched anew. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { SeriesView } from '../../../../core/wire/api.js';
import { sentenceOf } from '../errors.js';
import { useSlice, useStore } from '../state/hooks.js';
import { liveWindowMs, type Point, seriesKey } from '../state/live-readings.js';
import type { State } from '../state/store.js';

export type Span = 'live' | 'hour' | 'day' | 'week' | 'month' | 'year';

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
export const spanMs: Record<Span, number> = {
  live: liveWindowMs,
  hour: hourMs,
  day: dayMs,
  week: 7 * dayMs,
  month: 30 * dayMs,
  year: 365 * dayMs,
};
const maxPoints: Record<Span, number> = { live: 300, hour: 360, day: 288, week: 336, month: 360, year: 365 };
const refreshMs = 60_000;

export interface Points {
  readonly points: readonly Point[];
  readonly bucketMs: number;
  /** Why the stored part is missing, or null. */
  readonly failure: string | null;
  readonly isLoading: boolean;
}

const nothing: Points = { points: [], bucketMs: 0, failure: null, isLoading: true };
const selectLoads = (state: State) => state.data.loads;

export function usePoints(view: Pick<SeriesView, 'thing' | 'series'>, span: Span): Points {
  const { api, clock, readings } = useStore();
  const loads = useSlice(selectLoads);
  const [result, setResult] = useState<Points>(nothing);
  const { thing, series } = view;
  const key = seriesKey(thing, series);

  const fetchStored = useCallback(() => {
    const toMs = clock.now();
    const fromMs = toMs - spanMs[span];
    return api.telemetry({ thing, series, fromMs, toMs, maxPoints: maxPoints[span] });
  }, [api, clock, thing, series, span]);

  useEffect(() => setResult(nothing), [key, span]);

  useEffect(() => {
    let isCurrent = true;
    let timer = clock.after(refreshMs, load);
    function load(): void {
      timer.cancel();
      if (span !== 'live') timer = clock.after(refreshMs, load);
      fetchStored().then(
        ({ points, bucketMs }) => {
          if (!isCurrent) return;
          if (span === 'live') readings.seed(key, points);
          const shown = span === 'live' ? readings.points(key) : points;
          setResult({ points: shown, bucketMs, failure: null, isLoading: false });
        },
        (error: unknown) => {
          if (!isCurrent) return;
          setResult((last) => ({ ...last, failure: sentenceOf(error), isLoading: false }));
        },
      );
    }
    load();
    return () => {
      isCurrent = false;
      timer.cancel();
    };
  }, [fetchStored, clock, readings, key, span, loads]);

  useEffect(() => {
    if (span !== 'live') return undefined;
    return readings.subscribe(key, () => setResult((last) => ({ ...last, points: readings.points(key) })));
  }, [readings, key, span]);

  return result;
}
