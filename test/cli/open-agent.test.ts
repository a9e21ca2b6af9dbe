import { expect, test } from 'vitest';
import { openOrSimulate } from '../../cli/open-agent.js';
import { parseConfig } from '../../core/config.js';
import { GatehouseError } from '../../core/errors.js';
import { agentConfig } from '../../device/config.js';
import { gpioNoChip } from '../../hardware/errors.js';

const configOf = (route: 'auto' | 'onoff') =>
  parseConfig(agentConfig, { dataDir: '/x', gpio: { route } }, 'test');

/** Fails with `error` unless lines are simulated; answers with the route it was opened by. */
const board = (error: Error) => async (config: ReturnType<typeof configOf>) => {
  if (config.gpio.route !== 'simulated') throw error;
  return config.gpio.route;
};

test('a board without sysfs lines is simulated under the route auto, with the reason', async () => {
  const opened = await openOrSimulate(configOf('auto'), board(gpioNoChip([], [])));
  expect(opened).toMatchObject({ agent: 'simulated', reason: { code: 'GPIO_NO_CHIP' } });
});

test('a route that was asked for by name is not replaced', async () => {
  await expect(openOrSimulate(configOf('onoff'), board(gpioNoChip([], [])))).rejects.toMatchObject({
    code: 'GPIO_NO_CHIP',
  });
});

test('another failure is not taken for missing lines', async () => {
  const busy = new GatehouseError('LINE_BUSY', 'taken');
  await expect(openOrSimulate(configOf('auto'), board(busy))).rejects.toBe(busy);
});
