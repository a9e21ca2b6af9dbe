/**
 * The agent: composition only. Lines become clicks, sensors become readings, both go into the
 * outbox, and the link empties it. Starts without a cloud and collects until there is one.
 */
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { interrupted } from '../core/errors.js';
import { InstanceLock } from '../core/instance-lock.js';
import { type Lifetimes, opening } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { openGpioChip } from '../hardware/detect.js';
import type { GpioChip } from '../hardware/ports.js';
import { Agent } from './agent.js';
import { Buttons } from './buttons.js';
import { CloudLink } from './cloud-link.js';
import type { AgentConfig } from './config.js';
import { JobClient } from './jobs/job-client.js';
import { openRecords } from './open-records.js';
import { OutboxReport } from './outbox-report.js';
import { openOutputs } from './outputs/open-outputs.js';
import type { Recorder } from './recorder.js';
import { openRover } from './rover/open-rover.js';
import { Sampler } from './sampler.js';
import { SensorBus } from './sensors.js';
import { ShadowClient } from './shadow/shadow-client.js';
import { openUpdates, type Supervised } from './update/open-updates.js';

export interface AgentParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Told to the cloud. */
  readonly version?: string;
  /** Instead of the one that `gpio.route` names; the caller closes it. */
  readonly chip?: GpioChip;
  /** Under the launcher: what it started, and how to be started anew. Without it there are no updates. */
  readonly supervised?: Supervised;
}

/**
 * Resolves when lines are watched and clicks are kept; the cloud may be out of reach.
 * @throws ALREADY_RUNNING; CLAIM_MISSING, CLAIM_TOKEN_MALFORMED, CLAIM_FILE_UNREADABLE,
 * IDENTITY_DAMAGED; the errors of lines and database.
 */
export function openAgent(config: AgentConfig, parts: AgentParts): Promise<Agent> {
  return opening((lifetimes) => compose(config, parts, lifetimes), parts.log);
}

/** What is added last is closed first: intake ends before the link drains the outbox. */
async function compose(config: AgentConfig, parts: AgentParts, lifetimes: Lifetimes): Promise<Agent> {
  const { clock, log, version } = parts;
  const { dataDir, mqtt, gpio, i2c, identity } = config;
  const startedAt = new Date(clock.now()).toISOString();
  lifetimes.add('instance lock', await InstanceLock.acquire(dataDir, 'agent'));
  const { clockSync, outbox, recorder } = await openRecords(config, parts, lifetimes);
  const identityFolder = join(dataDir, 'identity');
  const shadow = new ShadowClient({ clock, log });
  const link = await CloudLink.open({ identityFolder, identity, mqtt, outbox, clockSync, clock, log });
  lifetimes.add('cloud link', link);
  const chip = parts.chip ?? lifetimes.add('gpio', await openGpioChip({ route: gpio.route, clock }));
  const buttons = await Buttons.open({
    chip,
    buttons: config.buttons,
    clock,
    log,
    onClick: (button, click) => void recorder.click(button, click),
  });
  lifetimes.add('buttons', buttons);
  const { outputs, feedback } = await openOutputs(
    { config, chip, recorder, shadow, link, clock, log },
    lifetimes,
  );
  const sensorBus = lifetimes.add('i2c', new SensorBus({ ...i2c, clock, chip }));
  const sampler = Sampler.open({
    sensors: config.sensors.map((slot) => ({ ...slot, open: () => sensorBus.sensor(slot.chip, slot) })),
    clock,
    log,
    onReadings: (readings) => recorder.readings(readings),
  });
  lifetimes.add('sampler', sampler);
  const around = { chip, sensorBus, link, recorder, clock, log };
  const rover = config.rover && lifetimes.add('rover', openRover(config.rover, around));
  const agent = new Agent({
    config,
    startedAt,
    lifetimes,
    outbox,
    recorder,
    chip,
    buttons,
    outputs,
    sensorBus,
    link,
    desiredState: shadow,
    rover,
  });
  const updates = await openUpdates({ config, supervised: parts.supervised, link, outbox, clock, log });
  lifetimes.add('health trial', updates);
  link.start({
    parts: { shadow, jobs: new JobClient({ handlers: updates.handlers, clock, log }) },
    press: (button, pattern) => agent.press(button, pattern),
    output: ({ id, output, action, pulseMs }) => outputs.command(id, output, action, pulseMs),
    feedback,
    pressed: (signal) => nextPress(recorder, signal),
    status: () => ({ ...agent.wireStatus(), ...(version === undefined ? {} : { version }) }),
  });
  lifetimes.add('outbox report', OutboxReport.start(outbox, shadow, clock));
  reportFacts(shadow, agent, version);
  log.info('watching buttons', { route: chip.route, buttons: config.buttons.length });
  return agent;
}

function nextPress(recorder: Recorder, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const undo = recorder.onClick(() => done(resolve));
    const onAbort = () => done(() => reject(interrupted(signal.reason)));
    const done = (settle: () => void) => {
      undo();
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}

/** What a backend can read of this device in its shadow, also while it is away. */
function reportFacts(shadow: ShadowClient, agent: Agent, version: string | undefined): void {
  const { gpioRoute, buttons, sensors, startedAt } = agent.status();
  shadow.report('agent', { ...(version === undefined ? {} : { version }), startedAt });
  shadow.report('lines', {
    route: gpioRoute,
    buttons: Object.fromEntries(buttons.map(({ name, pin }) => [name, { pin }])),
  });
  shadow.report('sensors', [...sensors]);
}
