/** Rovers: each with the map of its last drive, and what it measures beside it. */
import { useSlice } from '../state/hooks.js';
import { seriesKey } from '../state/live-readings.js';
import type { State } from '../state/store.js';
import { Section } from './parts.js';
import { RoverMap } from './rover-map.js';
import { SensorCard } from './sensor-card.js';

const selectSeries = (state: State) => state.data.series;
const plotted = ['rover.temperature', 'rover.battery'];

/** Nothing where there is no rover. */
export function RoverSection() {
  const all = useSlice(selectSeries);
  const rovers = all.filter(({ series }) => series === 'rover.x').map(({ thing }) => thing);
  if (rovers.length === 0) return null;
  return (
    <Section id="rover" title="Rover">
      {rovers.map((thing) => (
        <div class="rover" key={thing}>
          <RoverMap thing={thing} />
          {all
            .filter((view) => view.thing === thing && plotted.includes(view.series))
            .map((view) => (
              <SensorCard key={seriesKey(thing, view.series)} view={view} span="live" />
            ))}
        </div>
      ))}
    </Section>
  );
}
