/** The buggy in a hundred rooms: all in simulated time, each the same at every run. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { simulate } from '../../cli/rover/simulation.js';
import { silentLogger } from '../../core/log.js';
import type { SeriesView } from '../../core/wire/api.js';
import type { SimulatedRover } from '../../hardware/sim/rover/parts.js';
import { gatehouse, RunningUp } from '../support/gatehouse-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const courses = Array.from({ length: 100 }, (_, at) => at + 1);

test('of 100 courses with a way through, 95 end within 0.2 m of the goal, and none at a wall', async () => {
  const results = [];
  for (const seed of courses) results.push(await simulate({ seed, log: silentLogger }));
  const good = results.filter(({ outcome, offM }) => outcome === 'arrived' && offM <= 0.2);
  const touched = results.filter((result) => result.touched).map(({ course }) => course.seed);
  const offs = results.map(({ offM }) => offM).sort((a, b) => a - b);
  console.log(
    `${good.length} of ${results.length} within 0.2 m; off by ${offs[50]?.toFixed(3)} m (median), ${offs[95]?.toFixed(3)} m (95 %)`,
  );
  expect(touched).toEqual([]);
  expect(good.length).toBeGreaterThanOrEqual(95);
});

test('where no way exists, it says so and stands, in every one of ten courses', async () => {
  for (const seed of courses.slice(10, 20)) {
    const { outcome, touched, world } = await simulate({ seed, kind: 'blocked', log: silentLogger });
    expect({ seed, outcome, touched, stands: world.dutyIsZero }).toEqual({
      seed,
      outcome: 'no-way',
      touched: false,
      stands: true,
    });
  }
});

test('without the gyroscope the same courses are not driven that well: the noise is no ornament', async () => {
  const offs: number[] = [];
  for (const seed of courses.slice(0, 8)) {
    const { offM } = await simulate({ seed, log: silentLogger, prepare: (parts) => turnByWheels(parts) });
    offs.push(offM);
  }
  expect(offs.filter((offM) => offM <= 0.2).length).toBeLessThan(6);
});

/** The turning rate as the wheels alone tell it. */
function turnByWheels(parts: SimulatedRover): void {
  let before = { left: 0, right: 0 };
  Object.assign(parts.inertial, {
    read: async () => {
      const now = await parts.wheels.counts();
      const turned = now.right - before.right - (now.left - before.left);
      before = now;
      return { yawRateRadS: (turned * ((Math.PI * 0.065) / 40)) / 0.15 / 0.05, tiltRad: 0 };
    },
  });
}

test('gatehouse rover drive claims, drives and leaves its way with the backend', async () => {
  const folder = await temporaryFolder();
  const up = await RunningUp.start(folder);
  await up.api('/things', { method: 'POST', body: JSON.stringify({ name: 'buggy', type: 'sensor' }) });
  const { claimToken } = await up.api<{ claimToken: string }>('/things/buggy/claim-token', {
    method: 'POST',
  });
  const configFile = join(folder, 'rover.json');
  const config = {
    dataDir: join(folder, 'buggy'),
    gpio: { route: 'simulated' },
    rover: { reportEveryMs: 500 },
  };
  await writeFile(configFile, JSON.stringify(config));
  const drive = ['rover', 'drive', '--json', '--config', configFile, '--claim-token', claimToken];
  const { code, stdout, stderr } = await gatehouse([...drive, '--to', '0.3,0', '--stop-on-lost-link']);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ outcome: 'arrived' });
  const series = await up.api<SeriesView[]>('/series');
  const last = Object.fromEntries(
    series.filter(({ thing }) => thing === 'buggy').map((view) => [view.series, view.last?.value]),
  );
  expect(last['rover.x']).toBeCloseTo(0.3, 0);
  expect(last).toHaveProperty(['rover.temperature']);
  await up.stop();
});
