/** The track of one rover: stored telemetry of the live window, continued by the stream. */
import { useEffect, useState } from 'preact/hooks';
import { useSlice, useStore } from '../state/hooks.js';
import { liveWindowMs, seriesKey } from '../state/live-readings.js';
import type { State } from '../state/store.js';
import { type Track, toTrack, trackParts } from './track.js';

const selectLoads = (state: State) => state.data.loads;
const selectSeries = (state: State) => state.data.series;
const nothing: Track = { places: [], hits: [], goal: undefined };
const maxPoints = 300;

export function useTrack(thing: string): Track {
  const { api, clock, readings } = useStore();
  const loads = useSlice(selectLoads);
  const known = useSlice(selectSeries)
    .filter((view) => view.thing === thing && view.series.startsWith('rover.'))
    .map((view) => view.series.slice('rover.'.length))
    .filter((part) => trackParts.includes(part))
    .join(' ');
  const [track, setTrack] = useState<Track>(nothing);

  useEffect(() => {
    const keys = new Map(known.split(' ').map((part) => [part, seriesKey(thing, `rover.${part}`)]));
    let isCurrent = true;
    const update = () => {
      if (!isCurrent) return;
      setTrack(toTrack(new Map([...keys].map(([part, key]) => [part, readings.points(key)]))));
    };
    const toMs = clock.now();
    const stored = [...keys].map(async ([part, key]) => {
      const query = { thing, series: `rover.${part}`, fromMs: toMs - liveWindowMs, toMs, maxPoints };
      // What cannot be read is missing from the map; its card among the charts says why.
      const view = await api.telemetry(query).catch(() => undefined);
      if (view !== undefined) readings.seed(key, view.points);
    });
    void Promise.all(stored).then(update);
    // A report's readings come one by one: the map waits for its place.
    const undo = readings.subscribe(seriesKey(thing, 'rover.y'), update);
    return () => {
      isCurrent = false;
      undo();
    };
  }, [api, clock, readings, thing, known, loads]);

  return track;
}
