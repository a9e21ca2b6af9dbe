import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLogger } from '../../core/log.js';
import { readBoot } from '../../device/boot.js';
import { ClockSync } from '../../device/clock-sync.js';
import { Outbox } from '../../device/outbox.js';
import { Recorder } from '../../device/recorder.js';
import { FakeClock } from '../support/fake-clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bootedMs = Date.UTC(2026, 5, 1);
/** What the clock says after a boot without a network: the time of the last shutdown. */
const wrongMs = Date.UTC(2026, 0, 1);

async function setUp(uptimeMs = 60_000) {
  const folder = await temporaryFolder();
  const timesync = join(folder, 'timesync');
  await mkdir(timesync);
  const clock = new FakeClock(wrongMs);
  const open = async (upMs: number) => {
    const boot = { id: 'this-boot', uptimeMs: upMs };
    const clockSync = await ClockSync.open({ clock, boot, folder: timesync });
    onTestFinished(() => clockSync.close());
    return clockSync;
  };
  const outbox = await Outbox.open({
    filePath: join(folder, 'outbox.db'),
    clock,
    log: silentLogger,
    maxRows: 1000,
    maxBytes: 1_000_000,
  });
  onTestFinished(() => outbox.close());
  const clockSync = await open(uptimeMs);
  const recorder = (sync: ClockSync) => new Recorder({ outbox, clockSync: sync, clock, log: silentLogger });
  const synchronise = () => writeFile(join(timesync, 'synchronized'), '');
  const times = async () => {
    const rows = await outbox.peek('click', 9, new Set());
    return rows.map(({ body }) => {
      const { clockSynced, deviceTime } = JSON.parse(body);
      return [clockSynced, Date.parse(deviceTime)];
    });
  };
  return { clock, clockSync, outbox, recorder, open, synchronise, times };
}

describe('times before the clock is synchronised', () => {
  it('are marked, and put right when it is: also those between the jump and its discovery, and of an earlier run', async () => {
    const { clock, clockSync, outbox, recorder, open, synchronise, times } = await setUp();
    const press = (sync: ClockSync) =>
      recorder(sync).click('door', { clickType: 'SINGLE', atMs: clock.monotonicMs() });
    await press(clockSync);
    await clockSync.close();
    clock.advance(10_000);
    const restarted = await open(70_000);
    clock.advance(1_000);
    await press(restarted);
    expect(await times()).toEqual([
      [false, wrongMs],
      [false, wrongMs + 11_000],
    ]);
    // 71 s after the boot the time server answers; nobody has looked yet when the next press comes.
    clock.setWallClock(bootedMs + 71_000);
    clock.advance(2_000);
    await press(restarted);
    const changed = new Promise<void>((resolve) => restarted.onChange(resolve));
    await synchronise();
    clock.advance(5_000);
    await changed;
    expect([restarted.synced, restarted.settling]).toEqual([true, false]);
    await outbox.clockSynced(restarted.origin!);
    await press(restarted);
    expect(await times()).toEqual([
      [true, bootedMs + 60_000],
      [true, bootedMs + 71_000],
      [true, bootedMs + 73_000],
      [true, bootedMs + 78_000],
    ]);
  });

  it('hold telemetry back for two minutes at most', async () => {
    const { clock, clockSync } = await setUp();
    let told = 0;
    clockSync.onChange(() => told++);
    expect(clockSync.settling).toBe(true);
    clock.advance(119_999);
    expect(clockSync.settling).toBe(true);
    clock.advance(1);
    expect([clockSync.synced, clockSync.settling]).toEqual([false, false]);
    await expect
      .poll(() => {
        clock.advance(5_000);
        return told;
      })
      .toBe(1);
  });

  it("are told from others by the kernel's id of the boot", async () => {
    const boot = await readBoot();
    expect(boot?.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(boot?.uptimeMs).toBeGreaterThan(0);
    expect(await readBoot('/nowhere')).toBeUndefined();
  });
});
