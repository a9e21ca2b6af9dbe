/** How a series looks: mean line, band from minimum to maximum, colours taken from the style sheet. */
import type uPlot from 'uplot';
import { clockTime, dayAndMonth } from '../format/time.js';
import { type DisplayUnit, quantityNumber } from '../format/units.js';
import { verticalRange } from './chart-data.js';
import { colour } from './chart-life.js';

export interface ChartSetup {
  readonly width: number;
  readonly height: number;
  readonly unit: DisplayUnit;
  /** The span of time to show, epoch seconds; asked at every drawing. */
  readonly window: () => [number, number];
  /** Called with the point under the pointer, or null. */
  readonly onHover: (index: number | null) => void;
}

/** Seconds between the marks of the time axis; uPlot's own choice leaves a phone with a single one. */
const timeSteps = [
  60, 120, 300, 600, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
  2_592_000, 5_184_000, 7_776_000, 15_552_000,
];
const font = '12px system-ui, sans-serif';

export function chartOptions(setup: ChartSetup): uPlot.Options {
  const hidden: uPlot.Series = { points: { show: false } };
  return {
    width: setup.width,
    height: setup.height,
    padding: [8, 28, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8, fill: colour('--chart-line') } },
    scales: {
      x: { time: true, range: () => setup.window() },
      y: { range: (_plot, low, high) => verticalRange(low, high, setup.unit.minimumSpan) },
    },
    series: [
      {},
      { stroke: colour('--chart-line'), width: 2, points: { size: 5, fill: colour('--chart-line') } },
      hidden,
      hidden,
    ],
    bands: [{ series: [3, 2], fill: colour('--chart-band') }],
    axes: [timeAxis(), valueAxis(setup.unit)],
    hooks: { setCursor: [(plot) => setup.onHover(plot.cursor.idx ?? null)] },
  };
}

function timeAxis(): uPlot.Axis {
  return {
    font,
    size: 28,
    gap: 6,
    space: 66,
    incrs: timeSteps,
    stroke: colour('--text-muted'),
    grid: { show: false },
    ticks: { stroke: colour('--chart-grid'), width: 1, size: 4 },
    values: (_plot, splits, _axis, _space, step) =>
      splits.map((seconds) =>
        step >= 86_400 ? dayAndMonth(seconds * 1_000) : clockTime(seconds * 1_000, undefined, false),
      ),
  };
}

function valueAxis(unit: DisplayUnit): uPlot.Axis {
  return {
    font,
    size: 52,
    gap: 6,
    space: 36,
    stroke: colour('--text-muted'),
    grid: { stroke: colour('--chart-grid'), width: 1 },
    ticks: { show: false },
    values: (_plot, splits, _axis, _space, step) => {
      const fractionDigits = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
      const plain: DisplayUnit = { ...unit, factor: 1, fractionDigits };
      return splits.map((value) => quantityNumber(value, plain));
    },
  };
}
