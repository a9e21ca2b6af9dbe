/** A chart per series of measurements. */
import { useState } from 'preact/hooks';
import type { Span } from '../charts/use-points.js';
import { useSlice } from '../state/hooks.js';
import { seriesKey } from '../state/live-readings.js';
import type { State } from '../state/store.js';
import { Choice, CommandLine, Empty, Section } from './parts.js';
import { SensorCard } from './sensor-card.js';

const selectSeries = (state: State) => state.data.series;
const spans: readonly (readonly [Span, string])[] = [
  ['live', '5 minutes'],
  ['hour', 'Hour'],
  ['day', 'Day'],
  ['week', 'Week'],
  ['month', 'Month'],
  ['year', 'Year'],
];

export function SensorsSection() {
  // A rover's place and looks are on its map, not in charts.
  const all = useSlice(selectSeries).filter(({ series }) => !series.startsWith('rover.'));
  const [span, setSpan] = useState<Span>('live');
  if (all.length === 0) {
    return (
      <Section id="sensors" title="Sensors">
        <Empty icon="sensor" title="No measurements yet">
          <p>
            Name a sensor in the configuration of a device. To see simulated ones at once, start the whole
            suite:
          </p>
          <CommandLine command="gatehouse up" />
        </Empty>
      </Section>
    );
  }
  const choice = (
    <Choice label="Span of the charts" name="span" options={spans} value={span} onChange={setSpan} />
  );
  return (
    <Section id="sensors" title="Sensors" aside={choice}>
      <div class="cards cards-wide">
        {all.map((view) => (
          <SensorCard key={seriesKey(view.thing, view.series)} view={view} span={span} />
        ))}
      </div>
    </Section>
  );
}
