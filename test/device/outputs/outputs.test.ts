import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseConfig } from '../../../core/config.js';
import { createLogger } from '../../../core/log.js';
import { agentConfig } from '../../../device/config.js';
import { Outputs } from '../../../device/outputs/outputs.js';
import { PressFeedback } from '../../../device/outputs/press-feedback.js';
import { SimulatedChip } from '../../../hardware/sim/simulated-chip.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

async function setUp(outputs: object[], buttons: object[] = [], folder?: string) {
  const dataDir = folder ?? (await temporaryFolder());
  const clock = new FakeClock();
  const chip = new SimulatedChip({ clock });
  const lines: string[] = [];
  const log = createLogger({ level: 'info', format: 'text', write: (line) => lines.push(line) });
  const config = parseConfig(agentConfig, { dataDir, buttons, outputs }, 'test');
  const doneFile = join(dataDir, 'output-commands.json');
  const opened = await Outputs.open({ chip, outputs: config.outputs, doneFile, clock, log });
  onTestFinished(() => opened.close());
  /** Electrical levels of a line with the time of each since the start. */
  const seen = async (pin: string) => {
    await settle();
    return chip.recorded(pin).map(({ level, atMs }) => [level, atMs]);
  };
  /** Writes are asynchronous: a line shows them a turn after the clock's tick. */
  const pass = async (ms: number, stepMs = 10) => {
    for (let done = 0; done < ms; done += stepMs) {
      await settle();
      clock.advance(stepMs);
    }
    await settle();
  };
  return { dataDir, clock, chip, lines, config, outputs: opened, seen, pass };
}

const relay = { name: 'treat', pin: 'GPIO22', pulseMs: 300 };
const lamp = { name: 'lamp', pin: 'GPIO23', maxOnMs: 0 };

describe('outputs', () => {
  it('are off at the start, do as they are told by command, and are off at the end', async () => {
    const { outputs, seen, pass } = await setUp([relay, { ...lamp, activeLow: true }]);
    await outputs.command('command-1', 'lamp', 'on', undefined);
    await outputs.command('command-2', 'treat', 'pulse', undefined);
    expect(outputs.list()).toEqual([
      { name: 'treat', on: true },
      { name: 'lamp', on: true },
    ]);
    await pass(1_000);
    await outputs.close();
    expect(await seen('GPIO22')).toEqual([
      [0, 0],
      [1, 0],
      [0, 300],
    ]);
    expect(await seen('GPIO23')).toEqual([
      [1, 0],
      [0, 0],
      [1, 1_000],
    ]);
    await expect(outputs.command('command-3', 'siren', 'on', undefined)).rejects.toMatchObject({
      code: 'OUTPUT_UNKNOWN',
    });
  });

  it('pulse once for an id, by command or shadow, also after a restart', async () => {
    const first = await setUp([relay]);
    await first.outputs.command('treat-0001', 'treat', 'pulse', 100);
    await first.outputs.command('treat-0001', 'treat', 'pulse', 100);
    first.outputs.desire({ treat: { pulse: 200, id: 'treat-0002' } });
    await expect.poll(() => first.outputs.report()).toMatchObject({ treat: { lastPulse: 'treat-0002' } });
    await first.outputs.close();
    const again = await setUp([relay], [], first.dataDir);
    again.outputs.desire({ treat: { pulse: 200, id: 'treat-0002' } });
    await again.outputs.command('treat-0001', 'treat', 'pulse', 100);
    expect(await again.seen('GPIO22')).toEqual([[0, 0]]);
    again.outputs.desire({ treat: { pulse: 200, id: 'treat-0003' } });
    await expect.poll(() => again.outputs.report()).toMatchObject({ treat: { lastPulse: 'treat-0003' } });
    await again.pass(500);
    expect(await again.seen('GPIO22')).toEqual([
      [0, 0],
      [1, 0],
      [0, 200],
    ]);
  });

  it('follow the shadow, say what is so, and refuse what they do not understand', async () => {
    const { outputs, seen } = await setUp([relay, lamp]);
    outputs.desire({ lamp: 'on', treat: { pulse: 5 } });
    expect(outputs.report()).toEqual({
      treat: { state: 'off', cause: 'start', refused: 'say "on", "off" or { "pulse": ms, "id": "..." }' },
      lamp: { state: 'on', cause: 'asked' },
    });
    await outputs.command('command-1', 'lamp', 'off', undefined);
    // Another output is desired otherwise; what was desired of the lamp is no news.
    outputs.desire({ lamp: 'on', treat: 'off' });
    expect(outputs.report()).toEqual({
      treat: { state: 'off', cause: 'asked' },
      lamp: { state: 'off', cause: 'asked' },
    });
    expect((await seen('GPIO23')).map(([level]) => level)).toEqual([0, 1, 0]);
  });

  it('are never on for longer than their longest on-time, however often they are told', async () => {
    const { outputs, seen, pass, lines } = await setUp([{ ...relay, maxOnMs: 1_000 }]);
    await outputs.command('command-1', 'treat', 'pulse', 60_000);
    await pass(600);
    await outputs.command('command-2', 'treat', 'on', undefined);
    await pass(10_000, 100);
    expect(await seen('GPIO22')).toEqual([
      [0, 0],
      [1, 0],
      [0, 1_000],
    ]);
    expect(outputs.report()).toMatchObject({ treat: { state: 'off', cause: 'longest on-time' } });
    expect(lines.filter((line) => line.includes('longest time'))).toHaveLength(1);
  });

  it('go off when the connection stays away for as long as configured, and on again when it is back', async () => {
    const outputs = [
      { ...lamp, offAfterOfflineMs: 5_000 },
      { name: 'door', pin: 'GPIO24', maxOnMs: 0 },
    ];
    const { outputs: opened, seen, pass } = await setUp(outputs);
    opened.connected(true);
    opened.desire({ lamp: 'on', door: 'on' });
    opened.connected(false);
    await pass(4_900, 100);
    opened.connected(true);
    opened.connected(false);
    await pass(5_000, 100);
    expect(opened.report()).toMatchObject({
      lamp: { state: 'off', cause: 'offline' },
      door: { state: 'on' },
    });
    opened.connected(true);
    expect(await seen('GPIO23')).toEqual([
      [0, 0],
      [1, 0],
      [0, 9_900],
      [1, 9_900],
    ]);
    expect((await seen('GPIO24')).map(([level]) => level)).toEqual([0, 1]);
  });

  it('show what becomes of a press: blinking, on for a second, fast when it failed', async () => {
    const button = { name: 'door', pin: 'GPIO17', feedback: [{ output: 'lamp' }] };
    const { outputs, config, clock, seen, pass } = await setUp([lamp], [button]);
    const feedback = new PressFeedback(outputs, config.buttons, clock);
    onTestFinished(() => feedback.close());
    feedback.pressed('press-0001', 'door');
    await pass(600);
    feedback.came({ v: 1, id: 'press-0001', outcome: 'delivered' });
    await pass(2_000);
    expect(await seen('GPIO23')).toEqual([
      [0, 0],
      [1, 0],
      [0, 250],
      [1, 500],
      [0, 1_600],
    ]);
    feedback.pressed('press-0002', 'door');
    feedback.came({ v: 1, id: 'press-0001', outcome: 'failed' });
    feedback.came({ v: 1, id: 'press-0002', outcome: 'failed' });
    await pass(3_000);
    const levels = (await seen('GPIO23')).slice(5);
    expect(levels).toHaveLength(24);
    expect(levels.slice(0, 3)).toEqual([
      [1, 2_600],
      [0, 2_680],
      [1, 2_760],
    ]);
    expect(levels.at(-1)?.[0]).toBe(0);
  });

  it('stop blinking for a press that waits for its connection, and keep what they were switched to', async () => {
    const button = { name: 'door', pin: 'GPIO17', feedback: [{ output: 'lamp', delivered: null }] };
    const { outputs, config, clock, seen, pass } = await setUp([lamp], [button]);
    const feedback = new PressFeedback(outputs, config.buttons, clock);
    onTestFinished(() => feedback.close());
    await outputs.command('command-1', 'lamp', 'on', undefined);
    feedback.pressed('press-0001', 'door');
    await pass(60_000, 50);
    const levels = await seen('GPIO23');
    expect(levels.at(-1)?.[0]).toBe(1);
    expect(Number(levels.at(-1)?.[1])).toBeLessThanOrEqual(30_000);
    feedback.came({ v: 1, id: 'press-0001', outcome: 'stored' });
    expect((await seen('GPIO23')).length).toBe(levels.length);
  });

  it('share no line, and feedback names outputs that there are', async () => {
    const attempt = () =>
      parseConfig(
        agentConfig,
        {
          dataDir: '/x',
          buttons: [{ name: 'door', pin: '17', feedback: [{ output: 'siren' }] }],
          outputs: [{ name: 'lamp', pin: 'GPIO17' }],
        },
        'test',
      );
    expect(attempt).toThrow(/outputs\.0\.pin.*used twice[\s\S]*feedback\.0\.output.*no output "siren"/);
  });
});
