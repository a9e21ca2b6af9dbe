/** An output of a real agent, told by a real backend: command, shadow, action, and a press shown on a lamp. */
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { parseConfig } from '../../core/config.js';
import { silentLogger } from '../../core/log.js';
import type { ThingView } from '../../core/wire/api.js';
import { agentConfig } from '../../device/config.js';
import { openAgent } from '../../device/main.js';
import { SimulatedChip } from '../../hardware/sim/simulated-chip.js';
import { startCloud } from '../support/cloud-fixture.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function startFeeder(claimToken: string) {
  const chip = new SimulatedChip({ clock: systemClock });
  onTestFinished(() => chip.close());
  const settings = {
    dataDir: await temporaryFolder(),
    identity: { claimToken },
    outputs: [
      { name: 'treat', pin: 'GPIO22', pulseMs: 50 },
      { name: 'lamp', pin: 'GPIO23' },
    ],
    buttons: [{ name: 'door', pin: 'GPIO17', double: false, feedback: [{ output: 'lamp' }] }],
  };
  const config = parseConfig(agentConfig, settings, 'the test');
  const open = async () => {
    const agent = await openAgent(config, { clock: systemClock, chip, log: silentLogger });
    onTestFinished(() => agent.close());
    await agent.whenConnected();
    return agent;
  };
  const levels = (pin: string) => chip.recorded(pin).map(({ level }) => level);
  return { open, levels };
}

const feed = 'arn:aws:lambda:local:000000000000:function:feed';
const projects = [
  {
    projectName: 'home',
    placementTemplate: {
      deviceTemplates: { button: { deviceType: 'button', callbackOverrides: { onClickCallback: feed } } },
    },
    placements: [{ placementName: 'kitchen', devices: { button: 'feeder' } }],
  },
];

it('obeys commands, the shadow and actions, each pulse once, and says what is so', async () => {
  const functions = { feed: { kind: 'output', thing: 'feeder', output: 'treat' } } as const;
  const { cloud, call, get } = await startCloud({ functions, projects });
  const { claimToken } = await cloud.createClaimToken('feeder');
  const { open, levels } = await startFeeder(claimToken);
  const agent = await open();
  const outputs = async () => (await get<ThingView>('/things/feeder')).outputs;
  await expect.poll(outputs).toEqual([
    { name: 'treat', on: false },
    { name: 'lamp', on: false },
  ]);

  expect((await call('POST', '/things/feeder/output', { action: 'on' })).status).toBe(404);
  expect((await call('POST', '/things/feeder/output', { output: 'lamp', action: 'on' })).status).toBe(202);
  await expect.poll(outputs).toContainEqual({ name: 'lamp', on: true });
  const shadow = { state: { desired: { outputs: { lamp: 'off', treat: { pulse: 30, id: 'treat-0001' } } } } };
  expect((await call('POST', '/things/feeder/shadow', shadow)).status).toBe(200);
  await expect.poll(() => levels('GPIO22')).toEqual([0, 1, 0]);
  const reported = async () =>
    (await get<{ state: { reported?: { outputs?: unknown } } }>('/things/feeder/shadow')).state.reported
      ?.outputs;
  await expect.poll(reported).toMatchObject({
    treat: { state: 'off', lastPulse: 'treat-0001' },
    lamp: { state: 'off' },
  });

  await agent.close();
  expect(await outputs()).toHaveLength(2);
  expect((await call('POST', '/things/feeder/output', { output: 'lamp', action: 'on' })).status).toBe(409);
  const again = await open();
  const cli = [
    'device',
    'output',
    'feeder',
    'pulse',
    '--output',
    'treat',
    '--ms',
    '20',
    '--url',
    cloud.httpUrl,
  ];
  expect(await gatehouse(cli, { env: { GATEHOUSE_TOKEN: cloud.apiToken } })).toMatchObject({
    code: 0,
    stdout: 'Told feeder: treat pulse.\n',
  });
  // The shadow still holds the pulse of before: it was run, and is not run again.
  await expect.poll(() => levels('GPIO22')).toEqual([0, 1, 0, 0, 1, 0]);

  const lampBefore = levels('GPIO23').length;
  await again.press('door');
  await expect.poll(() => levels('GPIO22')).toHaveLength(8);
  // Pending, or at once delivered: on either way, and off in the end.
  await expect.poll(() => levels('GPIO23').slice(lampBefore).at(-1), { timeout: 10_000 }).toBe(0);
  expect(levels('GPIO23').slice(lampBefore)[0]).toBe(1);
});
