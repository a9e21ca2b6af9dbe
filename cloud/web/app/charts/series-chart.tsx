/** One uPlot chart as a component: follows its data, its box and the colour scheme; owns no data. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { DisplayUnit } from '../format/units.js';
import type { Columns } from './chart-data.js';
import { followColours, followSize } from './chart-life.js';
import { chartOptions } from './chart-options.js';

export interface SeriesChartProps {
  readonly columns: Columns;
  readonly unit: DisplayUnit;
  /** Epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** What a person who does not see the chart gets. */
  readonly label: string;
  readonly onHover: (index: number | null) => void;
}

const heightPx = 180;

export function SeriesChart(props: SeriesChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const chart = createChart(target, latest);
    plot.current = chart;
    const undo = [followSize(chart, target, heightPx), followColours(chart)];
    return () => {
      for (const stop of undo) stop();
      chart.destroy();
      plot.current = null;
    };
  }, [props.unit.label]);

  useEffect(() => {
    plot.current?.setData(props.columns);
  }, [props.columns, props.fromMs, props.toMs]);

  return <div ref={box} class="chart" role="img" aria-label={props.label} style={{ height: heightPx }} />;
}

function createChart(target: HTMLElement, latest: { readonly current: SeriesChartProps }): uPlot {
  const options = chartOptions({
    width: Math.max(target.clientWidth, 1),
    height: heightPx,
    unit: latest.current.unit,
    window: () => [latest.current.fromMs / 1_000, latest.current.toMs / 1_000],
    onHover: (index) => latest.current.onHover(index),
  });
  return new uPlot(options, latest.current.columns, target);
}
