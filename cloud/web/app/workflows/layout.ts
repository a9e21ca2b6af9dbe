/**
 * Where the states of a workflow are drawn, and the ways between them: rows from top to bottom. A way
 * to the next row goes straight; any other, back or over rows, has a lane of its own at the right.
 * Pure; lengths are in pixels.
 */
import type { GraphExit, GraphState } from '../../../../core/workflow-graph.js';
import { linesOf, nameSize, shortened, smallSize, widthOf } from './labels.js';
import { layersOf } from './layers.js';

export interface Box {
  readonly state: GraphState;
  readonly name: string;
  readonly note: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly branches: readonly { readonly x: number; readonly y: number; readonly drawing: Drawing }[];
}

export interface Way {
  readonly from: string;
  readonly to: string;
  readonly kind: GraphExit['kind'];
  readonly label: string;
  /** SVG path data; it ends downwards at `tip`. */
  readonly path: string;
  readonly tip: Point;
  readonly lines: readonly { readonly text: string; readonly x: number; readonly y: number }[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly ways: readonly Way[];
}

const plainHeight = 56;
const headHeight = 50;
const padding = 16;
const columnGap = 30;
const rowGap = 36;
const branchGap = 10;
const lineHeight = 16;
const laneGap = 14;
const trackGap = 7;
const nameLength = 26;

type Link = Omit<Way, 'path' | 'tip' | 'lines'> & { readonly isLane: boolean };

/** @param topGap room above the first row. */
export function drawingOf(states: readonly GraphState[], topGap = rowGap): Drawing {
  const { rows, rowOf } = layersOf(states);
  const links = linksOf(states, rowOf);
  const sized = new Map(states.map((state) => [state.name, sizedBox(state)]));
  const boxes = new Map<string, Box>();
  let y = 0;
  const columnsOf = rows.map((row) => columns(row, sized, links));
  const width = Math.max(0, ...columnsOf.map((widths) => rowWidth(widths)));
  rows.forEach((row, at) => {
    y += (at === 0 ? topGap : rowGap) + gapAbove(row, at, links, rowOf);
    let x = (width - rowWidth(columnsOf[at] ?? [])) / 2;
    let height = 0;
    row.forEach(({ name }, index) => {
      const box = sized.get(name);
      const column = columnsOf[at]?.[index] ?? 0;
      if (box === undefined) return;
      boxes.set(name, { ...box, x: x + (column - box.width) / 2, y });
      x += column + columnGap;
      height = Math.max(height, box.height);
    });
    y += height;
  });
  return withWays([...boxes.values()], links, rowOf, width, y);
}

/** Ways that have ends and kind in common are one, with all their conditions. */
function linksOf(states: readonly GraphState[], rowOf: ReadonlyMap<string, number>): Link[] {
  const links = new Map<string, Link>();
  for (const { name, exits } of states) {
    for (const { to, kind, label } of exits) {
      const [start, end] = [rowOf.get(name), rowOf.get(to)];
      if (start === undefined || end === undefined || !states.some((state) => state.name === to)) continue;
      const key = `${name}\n${to}\n${kind}`;
      const known = links.get(key);
      const text = known === undefined ? label : `${known.label} or ${label}`;
      links.set(key, { from: name, to, kind, label: text, isLane: end !== start + 1 });
    }
  }
  return [...links.values()];
}

function sizedBox(state: GraphState): Box {
  const name = shortened(state.name, nameLength);
  const note = shortened([state.type, state.detail].filter((word) => word !== '').join(' · '), 34);
  const textWidth = Math.max(130, widthOf(name, nameSize) + 44, widthOf(note, smallSize) + 28);
  const inner = state.branches.map((branch) => drawingOf(branch, branchGap));
  if (inner.length === 0) {
    return { state, name, note, x: 0, y: 0, width: textWidth, height: plainHeight, branches: [] };
  }
  let x = padding;
  const branches = inner.map((drawing) => {
    const branch = { x, y: headHeight, drawing };
    x += drawing.width + padding;
    return branch;
  });
  const height = headHeight + Math.max(...inner.map((drawing) => drawing.height)) + padding;
  return { state, name, note, x: 0, y: 0, width: Math.max(textWidth, x), height, branches };
}

/** Room for the conditions above a row, and for the lanes that come and go there. */
function gapAbove(
  row: readonly GraphState[],
  at: number,
  links: readonly Link[],
  rowOf: ReadonlyMap<string, number>,
): number {
  const lineCounts = row.map(
    ({ name }) => links.filter(({ to }) => to === name).flatMap(({ label }) => linesOf(label)).length,
  );
  const lanes = links.filter(
    ({ from, to, isLane }) => isLane && (rowOf.get(to) === at || rowOf.get(from) === at - 1),
  );
  return Math.max(0, ...lineCounts) * lineHeight + lanes.length * laneGap;
}

/** Wide enough for the state and for the conditions above it. */
function columns(row: readonly GraphState[], sized: ReadonlyMap<string, Box>, links: readonly Link[]) {
  return row.map(({ name }) => {
    const texts = links.filter(({ to }) => to === name).flatMap(({ label }) => linesOf(label));
    return Math.max(sized.get(name)?.width ?? 0, ...texts.map((text) => widthOf(text, smallSize)));
  });
}

function rowWidth(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + columnGap * (widths.length - 1);
}

function withWays(
  boxes: readonly Box[],
  links: readonly Link[],
  rowOf: ReadonlyMap<string, number>,
  width: number,
  bottom: number,
): Drawing {
  const byName = new Map(boxes.map((box) => [box.state.name, box]));
  const lanes = links.filter(({ isLane }) => isLane);
  /** Bottoms of the rows, below which lanes leave. */
  const floorOf = (name: string) => {
    const row = boxes.filter(({ state }) => rowOf.get(state.name) === rowOf.get(name));
    return Math.max(...row.map((box) => box.y + box.height));
  };
  /** How many lanes that share its row's gap come before it. */
  const before = (end: 'from' | 'to', link: Link) =>
    lanes.slice(0, lanes.indexOf(link)).filter((lane) => rowOf.get(lane[end]) === rowOf.get(link[end]))
      .length;
  const ways = links.flatMap((link): Way[] => {
    const [source, target] = [byName.get(link.from), byName.get(link.to)];
    if (source === undefined || target === undefined) return [];
    const start = { x: portX(source, link, links, byName, 'from'), y: source.y + source.height };
    const tip = { x: portX(target, link, links, byName, 'to'), y: target.y };
    const lines = labelLines(target, link, links);
    const labelTop = target.y - 12 - labelCount(link.to, links) * lineHeight;
    const path = link.isLane
      ? lanePath(start, tip, {
          floorY: floorOf(link.from) + 10 + before('from', link) * trackGap,
          x: width + (lanes.indexOf(link) + 1) * laneGap,
          ceilingY: labelTop - before('to', link) * trackGap,
        })
      : curvePath(start, tip, { floorY: floorOf(link.from), ceilingY: labelTop });
    return [{ ...link, path, tip, lines }];
  });
  const laneWidth = lanes.length === 0 ? 0 : (lanes.length + 1) * laneGap;
  const lowest = lanes.some(({ from }) => floorOf(from) === bottom) ? bottom + 2 * laneGap : bottom;
  return { width: width + laneWidth, height: lowest + 4, boxes, ways };
}

/** Ways that leave or reach the same state stand side by side, in the order of their other ends. */
function portX(
  box: Box,
  link: Link,
  links: readonly Link[],
  byName: ReadonlyMap<string, Box>,
  end: 'from' | 'to',
): number {
  const other = end === 'from' ? 'to' : 'from';
  const middleOf = (one: Link) => {
    const end = byName.get(one[other]);
    return one.isLane || end === undefined ? Number.POSITIVE_INFINITY : end.x + end.width / 2;
  };
  const own = links.filter((one) => one[end] === link[end]).sort((a, b) => sign(middleOf(a), middleOf(b)));
  const step = Math.min(26, box.width / (own.length + 1));
  return box.x + box.width / 2 + (own.indexOf(link) - (own.length - 1) / 2) * step;
}

/** Two infinities are alike, though their difference is not a number. */
function sign(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function labelCount(name: string, links: readonly Link[]): number {
  return links.filter(({ to }) => to === name).flatMap(({ label }) => linesOf(label)).length;
}

/** Above the state that the way leads to; conditions of other ways stand below one another. */
function labelLines(target: Box, link: Link, links: readonly Link[]): Way['lines'] {
  const own = links.filter(({ to }) => to === link.to);
  const before = own.slice(0, own.indexOf(link)).flatMap(({ label }) => linesOf(label)).length;
  const top = target.y - 14 - (labelCount(link.to, links) - 1) * lineHeight;
  const x = target.x + target.width / 2;
  return linesOf(link.label).map((text, at) => ({ text, x, y: top + (before + at) * lineHeight }));
}

/** Straight down past the taller states beside it, over, and straight down behind the conditions. */
function curvePath(start: Point, tip: Point, gap: { floorY: number; ceilingY: number }): string {
  const { floorY, ceilingY } = gap;
  const middle = (floorY + ceilingY) / 2;
  const curve = `C${start.x} ${middle} ${tip.x} ${middle} ${tip.x} ${ceilingY}`;
  return `M${start.x} ${start.y}V${floorY}${curve}V${tip.y - 6}`;
}

function lanePath(start: Point, tip: Point, lane: { floorY: number; x: number; ceilingY: number }): string {
  const { floorY, x, ceilingY } = lane;
  return `M${start.x} ${start.y}V${floorY}H${x}V${ceilingY}H${tip.x}V${tip.y - 6}`;
}
