/**
 * `gatehouse rover drive`: the agent of this machine, for one drive. Readings go the agent's way to
 * the backend while it drives; what could not be sent stays in the outbox for the next time.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withTimeout } from '../../core/clock.js';
import { loadConfig } from '../../core/config.js';
import { Secret } from '../../core/secret.js';
import type { AgentConfig } from '../../device/config.js';
import type { DriveProgress, DriveResult } from '../../device/rover/drive.js';
import type { Point } from '../../device/rover/pose.js';
import { type Context, createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { version } from '../version.js';

interface DriveOptions {
  readonly to: Point;
  readonly config: string;
  readonly claimToken?: string;
  readonly stopOnLostLink?: boolean;
}

export function addRoverDrive(rover: Command): void {
  rover
    .command('drive')
    .description('drive to a place, around what stands in the way, and send readings meanwhile')
    .requiredOption('--config <file>', 'configuration of the agent, with a section "rover"')
    .addOption(
      new Option('--to <x,y>', 'metres ahead of where it stands, and to its left; 2,-0.5')
        .argParser(place)
        .makeOptionMandatory(),
    )
    .addOption(new Option('--stop-on-lost-link', 'stop when the backend cannot be reached for a while'))
    .addOption(new Option('--claim-token <token>', 'one-time token from "gatehouse device claim-token"'))
    .addHelpText('after', '\nCtrl-C stops the motors at once. Arrived is 0, no way or stopped is 1.')
    .action(async (options: DriveOptions, command: Command) => {
      const context = createContext(command);
      const result = await run(options, context);
      report(result, context);
      if (result.reason === 'asked') context.setExitCode(exitCodes.interrupted);
      else if (result.outcome !== 'arrived') context.setExitCode(exitCodes.failed);
    });
}

function place(text: string): Point {
  const [x, y, ...more] = text.split(',').map(Number);
  if (x === undefined || y === undefined || more.length > 0 || !Number.isFinite(x) || !Number.isFinite(y)) {
    throw new InvalidArgumentError('Write two numbers of metres with a comma between them, as 2,-0.5.');
  }
  return { x, y };
}

const drainMs = 5_000;

async function run(options: DriveOptions, context: Context): Promise<DriveResult> {
  const { clock, log, signal, terminal } = context;
  const { openAgent } = await import('../../device/main.js');
  const agent = await openAgent(await readConfig(options), { clock, log, version });
  try {
    const { rover } = agent;
    // With a link to lose, wait for one first.
    if (options.stopOnLostLink) await agent.whenConnected(signal);
    const show = progressShower(context);
    const { to: goal, stopOnLostLink } = options;
    const result = await rover.drive({
      goal,
      signal,
      onProgress: show,
      ...(stopOnLostLink === undefined ? {} : { stopOnLostLink }),
    });
    if (agent.status().connected) await withTimeout(clock, drainMs, agent.drained(), () => {});
    return result;
  } finally {
    terminal.endProgress();
    await agent.close();
  }
}

async function readConfig({ config: file, claimToken }: DriveOptions): Promise<AgentConfig> {
  const { agentConfig } = await import('../../device/config.js');
  const config = await loadConfig(agentConfig, file);
  return claimToken === undefined ? config : { ...config, identity: { claimToken: new Secret(claimToken) } };
}

const everyMs = 1_000;

function progressShower({ terminal }: Context): (progress: DriveProgress) => void {
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return ({ atMs, pose, volts }) => {
    if (atMs < shownAtMs + everyMs) return;
    shownAtMs = atMs;
    const [x, y, uncertaintyM] = [pose.x, pose.y, pose.uncertaintyM].map((value) => Number(value.toFixed(3)));
    if (terminal.json) {
      terminal.printJson({ message_type: 'progress', seconds: Math.round(atMs / 1_000), x, y, uncertaintyM });
    } else {
      const battery = Number.isFinite(volts) ? `, ${volts.toFixed(1)} V` : '';
      terminal.progress(`at ${x}, ${y} m, give or take ${uncertaintyM} m${battery}`);
    }
  };
}

function report({ outcome, reason, pose, drivenM, elapsedMs }: DriveResult, { terminal }: Context): void {
  const [x, y] = [Number(pose.x.toFixed(3)), Number(pose.y.toFixed(3))];
  if (terminal.json) {
    const summary = { message_type: 'summary', outcome, reason: reason ?? null, x, y };
    terminal.printJson({ ...summary, drivenM: Number(drivenM.toFixed(2)), elapsedMs });
    return;
  }
  const words = {
    arrived: 'Arrived',
    'no-way': 'No way leads there; stopped',
    stopped: `Stopped (${reason})`,
  };
  const spread = pose.uncertaintyM.toFixed(2);
  terminal.print(
    `${words[outcome]} at ${x}, ${y} m, give or take ${spread} m, after ${drivenM.toFixed(1)} m and ${Math.round(elapsedMs / 1_000)} s.`,
  );
}
