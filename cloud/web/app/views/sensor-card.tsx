/** One series: the last value large, its chart, the lowest and highest in view. */
import { useMemo, useState } from 'preact/hooks';
import type { SeriesView } from '../../../../core/wire/api.js';
import { extremes, toColumns } from '../charts/chart-data.js';
import { SeriesChart } from '../charts/series-chart.js';
import { type Points, type Span, spanMs, usePoints } from '../charts/use-points.js';
import { clockTime } from '../format/time.js';
import { type DisplayUnit, displayUnit, quantityNumber, quantityText, seriesTitle } from '../format/units.js';
import { useNow } from '../state/hooks.js';
import { Ago } from './parts.js';

export interface SensorCardProps {
  readonly view: SeriesView;
  readonly span: Span;
}

export function SensorCard({ view, span }: SensorCardProps) {
  const stored = usePoints(view, span);
  const { points, bucketMs } = stored;
  const now = useNow(span === 'live' ? 1_000 : 60_000);
  const unit = useMemo(() => displayUnit(view.unit), [view.unit]);
  const columns = useMemo(() => toColumns(points, bucketMs, unit), [points, bucketMs, unit]);
  const [hovered, setHovered] = useState<number | null>(null);
  const title = seriesTitle(view.series);
  // A reading may be stamped a little ahead of this browser's clock.
  const toMs = Math.max(now, points.at(-1)?.[0] ?? 0);
  const hoverText = hovered === null ? undefined : readout(columns[0][hovered], columns[1][hovered], unit);
  return (
    <article class="card sensor" aria-label={`${title}, ${view.thing}`}>
      <header class="card-head">
        <div>
          <h3>{title}</h3>
          <p class="card-note">{view.thing}</p>
        </div>
        <LastValue view={view} unit={unit} />
      </header>
      <SeriesChart
        columns={columns}
        unit={unit}
        fromMs={toMs - spanMs[span]}
        toMs={toMs}
        label={chartLabel(title, stored, span, unit)}
        onHover={setHovered}
      />
      <p class="sensor-foot">
        <span>{footText(stored, span, unit)}</span>
        <span aria-hidden="true">{hoverText}</span>
      </p>
    </article>
  );
}

function LastValue({ view, unit }: { view: SeriesView; unit: DisplayUnit }) {
  if (view.last === null) return <p class="sensor-value sensor-none">No value yet</p>;
  return (
    <div class="sensor-last">
      <p class="sensor-value">
        {quantityNumber(view.last.value, unit)}
        {unit.label !== '' && <small> {unit.label}</small>}
      </p>
      <p class="card-note">
        <Ago time={view.last.time} />
      </p>
    </div>
  );
}

function readout(
  seconds: number | undefined,
  value: number | null | undefined,
  unit: DisplayUnit,
): string | undefined {
  if (seconds === undefined || value === null || value === undefined) return undefined;
  return `${clockTime(seconds * 1_000)}: ${quantityText(value, { ...unit, factor: 1 })}`;
}

function footText({ points, failure, isLoading }: Points, span: Span, unit: DisplayUnit): string {
  if (failure !== null) return failure;
  const range = extremes(points);
  if (range !== undefined) {
    return `Low ${quantityText(range.low, unit)}, high ${quantityText(range.high, unit)}`;
  }
  if (isLoading) return 'Loading …';
  return span === 'live' ? 'Nothing measured in the last 5 minutes' : 'Nothing measured in the last day';
}

function chartLabel(title: string, points: Points, span: Span, unit: DisplayUnit): string {
  const when = span === 'live' ? 'last 5 minutes' : 'last day';
  return `Chart of ${title}, ${when}. ${footText(points, span, unit)}.`;
}
