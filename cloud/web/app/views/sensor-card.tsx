/** One series: the last value large, its chart, the lowest and highest in view. */
import { useMemo, useState } from 'preact/hooks';
import type { SeriesView } from '../../../../core/wire/api.js';
import { exportUrl } from '../api/client.js';
import { extremes, toColumns } from '../charts/chart-data.js';
import { SeriesChart } from '../charts/series-chart.js';
import { type Points, type Span, spanMs, usePoints } from '../charts/use-points.js';
import { clockTime, dayAndMonth } from '../format/time.js';
import { type DisplayUnit, displayUnit, quantityNumber, quantityText, seriesTitle } from '../format/units.js';
import { useNow } from '../state/hooks.js';
import { Ago } from './parts.js';
import { AlarmMark } from './thing-card.js';

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
  const hoverText =
    hovered === null ? undefined : readout(columns[0][hovered], columns[1][hovered], unit, spanMs[span]);
  return (
    <article class="card sensor" aria-label={`${title}, ${view.thing}`}>
      <header class="card-head">
        <div>
          <h3>{title}</h3>
          <p class="card-note">{view.thing}</p>
        </div>
        <LastValue view={view} unit={unit} />
      </header>
      <AlarmMark thing={view.thing} />
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
      <Exports view={view} fromMs={toMs - spanMs[span]} />
    </article>
  );
}

const spanWords: Record<Span, string> = {
  live: 'last 5 minutes',
  hour: 'last hour',
  day: 'last day',
  week: 'last week',
  month: 'last month',
  year: 'last year',
};

/** What is in view, every reading of it, as a file. */
function Exports({ view, fromMs }: { view: SeriesView; fromMs: number }) {
  const link = (format: string) => exportUrl(view, fromMs, format);
  return (
    <p class="sensor-exports">
      <a href={link('csv')} download={`${view.thing}-${view.series}.csv`}>
        Export as CSV
      </a>
      <a href={link('jsonl')} download={`${view.thing}-${view.series}.jsonl`}>
        as JSON lines
      </a>
    </p>
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
  shownMs: number,
): string | undefined {
  if (seconds === undefined || value === null || value === undefined) return undefined;
  const ms = seconds * 1_000;
  const date = shownMs > 86_400_000 ? `${dayAndMonth(ms)}, ` : '';
  return `${date}${clockTime(ms)}: ${quantityText(value, { ...unit, factor: 1 })}`;
}

function footText({ points, failure, isLoading }: Points, span: Span, unit: DisplayUnit): string {
  if (failure !== null) return failure;
  const range = extremes(points);
  if (range !== undefined) {
    return `Low ${quantityText(range.low, unit)}, high ${quantityText(range.high, unit)}`;
  }
  if (isLoading) return 'Loading …';
  return `Nothing measured in the ${spanWords[span]}`;
}

function chartLabel(title: string, points: Points, span: Span, unit: DisplayUnit): string {
  return `Chart of ${title}, ${spanWords[span]}. ${footText(points, span, unit)}.`;
}
