/** How long the runs of a backup job took (line, left axis) and what they added (dots, right axis). */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { sizeText } from '../format/counts.js';
import { dayAndMonth, durationText } from '../format/time.js';
import { colour, followColours, followSize } from './chart-life.js';
import type { RunColumns } from './run-columns.js';

const heightPx = 160;
const font = '12px system-ui, sans-serif';

export function RunChart({ columns, label }: { readonly columns: RunColumns; readonly label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);

  useEffect(() => {
    const target = box.current;
    if (target === null) return undefined;
    const chart = new uPlot(optionsFor(Math.max(target.clientWidth, 1)), columns, target);
    plot.current = chart;
    const undo = [followSize(chart, target, heightPx), followColours(chart)];
    return () => {
      for (const stop of undo) stop();
      chart.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => plot.current?.setData(columns), [columns]);

  return <div ref={box} class="chart" role="img" aria-label={label} style={{ height: heightPx }} />;
}

function optionsFor(width: number): uPlot.Options {
  const fromZero: uPlot.Scale = { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 1) * 1.15] };
  return {
    width,
    height: heightPx,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, seconds: fromZero, bytes: fromZero },
    series: [
      {},
      {
        scale: 'seconds',
        stroke: colour('--chart-line'),
        width: 2,
        points: { show: true, size: 5, fill: colour('--chart-line') },
      },
      { scale: 'bytes', stroke: colour('--warn'), width: 0, points: { show: true, size: 7, width: 2 } },
    ],
    axes: [
      {
        font,
        size: 28,
        gap: 6,
        space: 66,
        stroke: colour('--text-muted'),
        grid: { show: false },
        ticks: { stroke: colour('--chart-grid'), width: 1, size: 4 },
        values: (_plot, splits) => splits.map((seconds) => dayAndMonth(seconds * 1_000)),
      },
      valueAxis('seconds', 3, (value) => durationText(value * 1_000)),
      valueAxis('bytes', 1, (value) => sizeText(value)),
    ],
  };
}

/** @param side as uPlot numbers them: 1 is right, 3 is left. */
function valueAxis(scale: string, side: 1 | 3, text: (value: number) => string): uPlot.Axis {
  return {
    scale,
    side,
    font,
    size: 68,
    gap: 6,
    space: 36,
    stroke: colour('--text-muted'),
    grid: { show: side === 3, stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
    values: (_plot, splits) => splits.map(text),
  };
}
