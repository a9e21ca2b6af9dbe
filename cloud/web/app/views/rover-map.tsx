/** The map of a drive: the way in the colours of the temperature, what was seen, the goal. */
import { frameOf, heatColour, lengthOf, type Track, type TrackPlace } from '../rover/track.js';
import { useTrack } from '../rover/use-track.js';
import { Ago } from './parts.js';

export function RoverMap({ thing }: { thing: string }) {
  const track = useTrack(thing);
  const last = track.places.at(-1);
  return (
    <article class="card rover-card" aria-label={`Map of ${thing}`}>
      <header class="card-head">
        <div>
          <h3>Way of {thing}</h3>
          <p class="card-note">{last === undefined ? 'No drive in the last 5 minutes' : summary(track)}</p>
        </div>
        {last !== undefined && (
          <p class="card-note">
            <Ago time={new Date(last.ms).toISOString()} />
          </p>
        )}
      </header>
      <Drawing track={track} />
      <Legend places={track.places} />
    </article>
  );
}

function summary({ places, goal }: Track): string {
  const last = places.at(-1);
  const driven = `${lengthOf(places).toFixed(1)} m driven`;
  if (goal === undefined || last === undefined) return driven;
  return `${driven}, ${Math.hypot(goal.x - last.x, goal.y - last.y).toFixed(1)} m from its goal`;
}

function Drawing({ track }: { track: Track }) {
  const { places, hits, goal } = track;
  const frame = frameOf(track);
  const at = ({ x, y }: { x: number; y: number }) => ({ cx: x - frame.left, cy: frame.top - y });
  const [low, high] = heatRange(places);
  return (
    <svg
      class="rover-map"
      viewBox={`0 0 ${frame.width} ${frame.height}`}
      role="img"
      aria-label={`Map: ${places.length === 0 ? 'empty' : summary(track)}`}
    >
      <Grid width={frame.width} height={frame.height} left={frame.left} top={frame.top} />
      {hits.map((hit, index) => (
        <circle key={index} class="rover-hit" r={0.035} {...at(hit)} />
      ))}
      {places.slice(1).map((place, index) => {
        const [from, to] = [at(places[index] ?? place), at(place)];
        const stroke = heatColour(place.temperatureC, low, high);
        return <line key={place.ms} x1={from.cx} y1={from.cy} x2={to.cx} y2={to.cy} stroke={stroke} />;
      })}
      <circle class="rover-start" r={0.06} {...at({ x: 0, y: 0 })} />
      {goal !== undefined && <Goal {...at(goal)} />}
      {places.length > 0 && <Buggy place={places.at(-1)} at={at} />}
    </svg>
  );
}

/** A line per metre. */
function Grid({ width, height, left, top }: { width: number; height: number; left: number; top: number }) {
  const columns = Array.from({ length: Math.ceil(width) + 1 }, (_, index) => Math.ceil(left) + index - left);
  const rows = Array.from({ length: Math.ceil(height) + 1 }, (_, index) => top - Math.floor(top) + index);
  return (
    <g class="rover-grid">
      {columns.map((x) => (
        <line key={`x${x}`} x1={x} y1={0} x2={x} y2={height} />
      ))}
      {rows.map((y) => (
        <line key={`y${y}`} x1={0} y1={y} x2={width} y2={y} />
      ))}
    </g>
  );
}

function Goal({ cx, cy }: { cx: number; cy: number }) {
  return (
    <g class="rover-goal">
      <circle cx={cx} cy={cy} r={0.2} />
      <path d={`M${cx} ${cy}v-0.34l0.24 0.09l-0.24 0.09`} />
    </g>
  );
}

interface BuggyProps {
  readonly place: TrackPlace | undefined;
  readonly at: (place: { x: number; y: number }) => { cx: number; cy: number };
}

function Buggy({ place, at }: BuggyProps) {
  if (place === undefined) return null;
  const { cx, cy } = at(place);
  const degrees = (-(place.heading ?? 0) * 180) / Math.PI;
  return (
    <path
      class="rover-buggy"
      d="M0.15 0L-0.11 0.1L-0.06 0L-0.11 -0.1Z"
      transform={`translate(${cx} ${cy}) rotate(${degrees})`}
    />
  );
}

function Legend({ places }: { places: readonly TrackPlace[] }) {
  const [low, high] = heatRange(places);
  if (high < low) return <p class="sensor-foot">A square is a metre.</p>;
  return (
    <p class="sensor-foot">
      <span class="rover-legend">
        {low.toFixed(1)} °C <i aria-hidden="true" /> {high.toFixed(1)} °C
      </span>
      <span>A square is a metre; dots are what it saw</span>
    </p>
  );
}

function heatRange(places: readonly TrackPlace[]): [low: number, high: number] {
  const known = places.flatMap(({ temperatureC }) => (temperatureC === undefined ? [] : [temperatureC]));
  return [Math.min(...known), Math.max(...known)];
}
