/** A workflow as a drawing, with where an execution stands; below it the same in words. */
import { type GraphState, workflowGraph } from '../../../../core/workflow-graph.js';
import type { Mark } from '../workflows/execution-marks.js';
import { nameSize, smallSize, widthOf } from '../workflows/labels.js';
import { type Box, type Drawing, drawingOf, type Way } from '../workflows/layout.js';

export interface WorkflowDrawingProps {
  readonly name: string;
  readonly definition: unknown;
  readonly marks: ReadonlyMap<string, Mark>;
}

const margin = 12;

export function WorkflowDrawing({ name, definition, marks }: WorkflowDrawingProps) {
  const states = workflowGraph(definition);
  if (states.length === 0) return <p class="card-note">This workflow has no states.</p>;
  const drawing = drawingOf(states);
  const width = drawing.width + 2 * margin;
  const height = drawing.height + 2 * margin;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <section class="drawing" tabIndex={0} aria-label={`Drawing of ${name}`}>
        <svg
          viewBox={`${-margin} ${-margin} ${width} ${height}`}
          width={width}
          height={height}
          role="img"
          aria-label={`The states of ${name} and the ways between them`}
        >
          <Start drawing={drawing} />
          <Graph drawing={drawing} marks={marks} />
        </svg>
      </section>
      <details class="drawing-words">
        <summary>The same in words</summary>
        <Words states={states} marks={marks} />
      </details>
    </>
  );
}

/** A dot above the state that is the first. */
function Start({ drawing: { boxes } }: { drawing: Drawing }) {
  const [first] = boxes;
  if (first === undefined) return null;
  const x = first.x + 20;
  return (
    <g class="way">
      <circle cx={x} cy={first.y - 26} r={5} class="way-tip" />
      <path d={`M${x} ${first.y - 22}V${first.y - 6}`} />
      <Tip x={x} y={first.y} />
    </g>
  );
}

function Graph({ drawing, marks }: { drawing: Drawing; marks: ReadonlyMap<string, Mark> }) {
  return (
    <>
      {drawing.ways.map((way) => (
        <WayLine key={`${way.from} ${way.to} ${way.kind}`} way={way} />
      ))}
      {drawing.boxes.map((box) => (
        <StateBox key={box.state.path} box={box} marks={marks} />
      ))}
      {drawing.ways.map((way) => (
        <WayText key={`${way.from} ${way.to} ${way.kind}`} way={way} />
      ))}
    </>
  );
}

function WayLine({ way: { from, to, kind, label, path, tip } }: { way: Way }) {
  return (
    <g class={`way way-${kind}`}>
      <title>{`From ${from} to ${to}${label === '' ? '' : `: ${label}`}`}</title>
      <path d={path} />
      <Tip x={tip.x} y={tip.y} />
    </g>
  );
}

function Tip({ x, y }: { x: number; y: number }) {
  return <path class="way-tip" d={`M${x - 5} ${y - 8}h10L${x} ${y - 1}Z`} />;
}

function WayText({ way: { kind, label, lines } }: { way: Way }) {
  return (
    <g class={`way-text way-${kind}`}>
      {lines.map(({ text, x, y }) => (
        <g key={y}>
          <title>{label}</title>
          <rect
            x={x - widthOf(text, smallSize) / 2}
            y={y - 12}
            width={widthOf(text, smallSize)}
            height={16}
          />
          <text x={x} y={y} text-anchor="middle" font-size={smallSize}>
            {text}
          </text>
        </g>
      ))}
    </g>
  );
}

const signs: Record<Mark['kind'], string> = { done: '✓', now: '▶', caught: '!', failed: '✗', cut: '–' };

function StateBox({ box, marks }: { box: Box; marks: ReadonlyMap<string, Mark> }) {
  const { state, name, note, x, y, width, height, branches } = box;
  const mark = marks.get(state.path);
  const words = mark === undefined ? state.name : `${state.name}: ${mark.text}`;
  return (
    <g
      class={`state state-${mark?.kind ?? 'open'}${branches.length > 0 ? ' state-wide' : ''}`}
      transform={`translate(${x} ${y})`}
      data-state={state.path}
      data-mark={mark?.kind ?? ''}
    >
      <title>{words}</title>
      <rect width={width} height={height} rx={11} />
      <text x={14} y={23} font-size={nameSize} class="state-name">
        {mark === undefined ? name : `${signs[mark.kind]} ${name}`}
      </text>
      <text x={14} y={42} font-size={smallSize} class="state-note">
        {mark === undefined || mark.kind === 'done' ? note : mark.text}
      </text>
      {branches.map((branch) => (
        <g key={branch.x} transform={`translate(${branch.x} ${branch.y})`}>
          <Graph drawing={branch.drawing} marks={marks} />
        </g>
      ))}
    </g>
  );
}

function Words({ states, marks }: { states: readonly GraphState[]; marks: ReadonlyMap<string, Mark> }) {
  return (
    <ul>
      {states.map(({ path, name, type, detail, exits, branches }) => (
        <li key={path}>
          <strong>{name}</strong> ({[type, detail].filter((word) => word !== '').join(' ')})
          {marks.has(path) && `, ${marks.get(path)?.text}`}
          {exits.map(({ to, kind, label }) => (
            <p key={`${to} ${kind} ${label}`} class="card-note">
              {kind === 'catch' ? `on ${label}` : label === '' ? 'then' : `when ${label}`} → {to}
            </p>
          ))}
          {branches.map((branch) => (
            <Words key={branch[0]?.path ?? ''} states={branch} marks={marks} />
          ))}
        </li>
      ))}
    </ul>
  );
}
