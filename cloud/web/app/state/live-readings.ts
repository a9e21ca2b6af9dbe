/**
 * The last five minutes of every series, in memory: seeded from stored telemetry, continued by the
 * stream. Ordered by time; what is older than the window goes when something is added.
 */
import type { TelemetryView } from '../../../../core/wire/api.js';

/** `[epoch ms, mean, minimum, maximum]`, in the series' own unit. */
export type Point = TelemetryView['points'][number];

export const liveWindowMs = 5 * 60_000;

export function seriesKey(thing: string, series: string): string {
  return `${thing}/${series}`;
}

export class LiveReadings {
  readonly #points = new Map<string, Point[]>();
  readonly #listeners = new Map<string, Set<() => void>>();

  points(key: string): readonly Point[] {
    return this.#points.get(key) ?? [];
  }

  /** Takes stored points over those kept here, which only continue them. */
  seed(key: string, stored: readonly Point[]): void {
    const lastMs = stored.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
    const newer = this.points(key).filter(([ms]) => ms > lastMs);
    this.#replace(key, [...stored, ...newer]);
  }

  append(key: string, ms: number, value: number): void {
    const points = [...this.points(key)];
    const after = points.findLastIndex(([otherMs]) => otherMs <= ms);
    const point: Point = [ms, value, value, value];
    if (points[after]?.[0] === ms) points[after] = point;
    else points.splice(after + 1, 0, point);
    this.#replace(key, points);
  }

  /** Calls `listener` after every change of that series, until the returned function is called. */
  subscribe(key: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  #replace(key: string, points: Point[]): void {
    const oldestMs = (points.at(-1)?.[0] ?? 0) - liveWindowMs;
    this.#points.set(
      key,
      points.filter(([ms]) => ms >= oldestMs),
    );
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }
}
