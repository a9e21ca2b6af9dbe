import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sleep, systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import { formatClaimToken } from '../../core/wire/claim-token.js';
import { agentConfig } from '../../device/config.js';
import { openAgent } from '../../device/main.js';
import { Outbox } from '../../device/outbox.js';
import type { Level } from '../../hardware/ports.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { drive, preloadBme280, settle } from './board.js';

/** A device that waits for its cloud: nobody listens at the address in its token. */
async function config() {
  const claimToken = formatClaimToken({
    host: '127.0.0.1',
    port: 9,
    caSha256: '0'.repeat(64),
    secret: 'x'.repeat(32),
  });
  return agentConfig.parse({
    dataDir: await temporaryFolder('agent'),
    identity: { claimToken },
    // The longest lock-out and wide pauses: the machine is emulated, and its bounces are slow.
    buttons: [{ name: 'door', pin: 'GPIO17', debounceMs: 100, doubleMs: 1_500, longMs: 2_000 }],
    sensors: [{ name: 'room', chip: 'bme280', everyMs: 60_000 }],
  });
}

/** What a contact does to the wire: each entry is a level and how long it stays, ms. */
async function play(...steps: readonly (readonly [Level, number])[]): Promise<void> {
  for (const [level, holdMs] of steps) {
    await drive(17, level);
    if (holdMs > 0) await sleep(systemClock, holdMs);
  }
}

const bouncing = [
  [0, 0],
  [1, 0],
  [0, 0],
  [1, 0],
] as const;

async function stored(filePath: string, settings: { maxRows: number; maxBytes: number }) {
  const outbox = await Outbox.open({ filePath, ...settings, clock: systemClock, log: silentLogger });
  onTestFinished(() => outbox.close());
  const bodies = async (kind: 'click' | 'telemetry') =>
    (await outbox.peek(kind, 100, new Set())).map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return { clicks: await bodies('click'), telemetry: await bodies('telemetry') };
}

describe('the agent on a real kernel', () => {
  it('keeps a single, a double and a long click of a bouncing button, and what the sensor measured', async () => {
    await drive(17, 1);
    await preloadBme280();
    const settings = await config();
    const agent = await openAgent(settings, { clock: systemClock, log: silentLogger });
    onTestFinished(() => agent.close());
    const types: string[] = [];
    agent.onClick(({ button, clickType }) => types.push(`${button} ${clickType}`));

    await play(...bouncing, [0, 300], [1, 300]);
    await settle(() => types.length === 1);
    await play([0, 300], ...bouncing, [1, 300], [0, 300], [1, 300]);
    await settle(() => types.length === 2);
    await play(...bouncing, [0, 2_500], [1, 300]);
    await settle(() => types.length === 3);
    expect(types).toEqual(['door SINGLE', 'door DOUBLE', 'door LONG']);

    await settle(() => agent.status().i2cRoute !== undefined);
    expect(agent.status()).toMatchObject({
      gpioRoute: 'chardev',
      i2cRoute: 'i2c-bus',
      buttons: [{ name: 'door', pin: 'GPIO17', simulated: false }],
    });
    await expect(agent.press('door')).rejects.toMatchObject({ code: 'BUTTON_REAL' });
    await agent.close();

    const { clicks, telemetry } = await stored(join(settings.dataDir, 'outbox.db'), settings.outbox);
    expect(clicks).toMatchObject([
      { button: 'door', clickType: 'SINGLE' },
      { button: 'door', clickType: 'DOUBLE' },
      { button: 'door', clickType: 'LONG' },
    ]);
    expect(JSON.stringify(telemetry)).toContain('25.08');
  });
});
