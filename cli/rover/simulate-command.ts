/** `gatehouse rover simulate`: a random course, driven by the code that drives the real buggy. */
import { type Command, Option } from 'commander';
import { sleep } from '../../core/clock.js';
import type { DriveProgress } from '../../device/rover/drive.js';
import type { Point } from '../../device/rover/pose.js';
import { makeCourse } from '../../hardware/sim/rover/course.js';
import type { RoverWorld } from '../../hardware/sim/rover/world.js';
import { type Context, createContext } from '../context.js';
import { count } from '../option-values.js';
import { drawMap, mapLegend } from './map.js';
import { inDriveFrame, type SimulationResult, simulate } from './simulation.js';

interface SimulateOptions {
  readonly seed: number;
  readonly blocked?: boolean;
  readonly speed: number;
}

export function addRoverSimulate(rover: Command): void {
  rover
    .command('simulate')
    .description('drive a random course in simulated time; the same seed gives the same drive')
    .addOption(new Option('--seed <n>', 'which course').argParser(count).default(1))
    .addOption(new Option('--blocked', 'a course without a way to the goal'))
    .addOption(
      new Option('--speed <factor>', 'how much faster than life it is shown on a terminal')
        .argParser(count)
        .default(8),
    )
    .action(async (options: SimulateOptions, command: Command) => {
      const context = createContext(command);
      const result = await run(options, context);
      report(result, context);
      if (result.outcome === 'stopped') context.setExitCode(1);
    });
}

const drawEveryMs = 200;
const jsonEveryMs = 1_000;

async function run(options: SimulateOptions, context: Context): Promise<SimulationResult> {
  const { terminal, clock, log, signal } = context;
  const kind = options.blocked ? 'blocked' : 'open';
  const screen = new Screen(options.seed, kind);
  const isLive = terminal.interactive && process.stdout.isTTY;
  let shownAtMs = Number.NEGATIVE_INFINITY;
  const result = await simulate({
    seed: options.seed,
    kind,
    log,
    signal,
    onProgress: (progress, world) => {
      screen.take(progress);
      const everyMs = terminal.json ? jsonEveryMs : drawEveryMs * Math.max(1, options.speed / 4);
      if (progress.atMs < shownAtMs + everyMs) return;
      shownAtMs = progress.atMs;
      if (terminal.json) terminal.printJson(asJson(progress, world));
      else if (isLive) screen.draw(process.stdout.columns, process.stdout.rows);
    },
    ...(isLive ? { pace: (aheadMs: number) => sleep(clock, aheadMs / options.speed) } : {}),
  });
  if (!terminal.json)
    for (const line of screen.lines(isLive ? process.stdout.columns : 80)) terminal.print(line);
  return result;
}

function asJson({ atMs, pose, volts, looks }: DriveProgress, world: RoverWorld) {
  const truth = inDriveFrame(world.course, world.truth);
  return {
    message_type: 'progress',
    seconds: atMs / 1_000,
    x: round(pose.x),
    y: round(pose.y),
    heading: round(pose.heading),
    uncertaintyM: round(pose.uncertaintyM),
    trueX: round(truth.x),
    trueY: round(truth.y),
    temperatureC: round(world.temperatureC()),
    volts,
    rangesM: looks
      .slice(-11)
      .map(({ bearingRad, rangeM }) => [round(bearingRad), rangeM === undefined ? null : round(rangeM)]),
  };
}

function report(result: SimulationResult, { terminal }: Context): void {
  const { outcome, reason, offM, driftM, drivenM, elapsedMs, touched, nearestM } = result;
  if (terminal.json) {
    const numbers = {
      offM: round(offM),
      driftM: round(driftM),
      drivenM: round(drivenM),
      nearestM: round(nearestM),
    };
    terminal.printJson({
      message_type: 'summary',
      outcome,
      reason: reason ?? null,
      elapsedMs,
      touched,
      ...numbers,
    });
    return;
  }
  const words = {
    arrived: `Arrived, ${cm(offM)} from the goal`,
    'no-way': 'No way leads to the goal; it stopped',
    stopped: `Stopped: ${reason ?? 'unknown'}`,
  };
  terminal.print(`${words[outcome]}, after ${drivenM.toFixed(1)} m and ${Math.round(elapsedMs / 1_000)} s.`);
  terminal.print(`It believes itself ${cm(driftM)} from where it is. Nearest to a wall: ${cm(nearestM)}.`);
  if (touched) terminal.print('It touched a wall.');
}

function cm(metres: number): string {
  return `${Math.round(metres * 100)} cm`;
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The map of one course, drawn over itself. */
class Screen {
  readonly #goal: Point;
  readonly #low: Point;
  readonly #high: Point;
  readonly #trail: Point[] = [];
  #progress: DriveProgress | undefined;
  #drawnLines = 0;

  constructor(seed: number, kind: 'open' | 'blocked') {
    const course = makeCourse(seed, kind);
    this.#goal = inDriveFrame(course, course.goal);
    const corners = course.walls.slice(0, 4).map(({ from }) => inDriveFrame(course, from));
    const [xs, ys] = [corners.map(({ x }) => x), corners.map(({ y }) => y)];
    this.#low = { x: Math.min(...xs) - 0.2, y: Math.min(...ys) - 0.2 };
    this.#high = { x: Math.max(...xs) + 0.2, y: Math.max(...ys) + 0.2 };
  }

  take(progress: DriveProgress): void {
    this.#progress = progress;
    this.#trail.push({ x: progress.pose.x, y: progress.pose.y });
  }

  lines(terminalColumns: number): string[] {
    if (this.#progress === undefined) return [];
    const columns = Math.min(terminalColumns - 1, 120);
    const [goal, trail, low, high] = [this.#goal, this.#trail, this.#low, this.#high];
    const map = drawMap({ progress: this.#progress, goal, trail, low, high, columns });
    return [...map.map((line) => line.trimEnd()), mapLegend];
  }

  /** Over the drawing before, narrow enough to be seen whole. */
  draw(terminalColumns: number, terminalRows: number): void {
    const shape = (this.#high.x - this.#low.x) / (this.#high.y - this.#low.y);
    const fitting = Math.floor((terminalRows - 3) * 2 * shape);
    const lines = this.lines(Math.min(terminalColumns, Math.max(30, fitting)));
    const up = this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}A`;
    process.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    this.#drawnLines = lines.length;
  }
}
