import { describe, expect, test } from 'vitest';
import { newSetting } from '../../../gateway/throttle/new-setting.js';
import { Throttle } from '../../../gateway/throttle/throttle.js';
import { FakeClock } from '../../support/fake-clock.js';

const kibi = 1024;
const hourMs = 3_600_000;
const monday = (text: string) => new Date(`2026-01-05T${text}`).getTime();

describe('the throttle of a process', () => {
  test('follows its timetable as time goes by and says what comes next', async () => {
    const clock = new FakeClock(monday('07:59'));
    const throttle = Throttle.open({ limits: { upload: '08:00,512k 19:00,off', download: '1M' }, clock });
    expect(throttle.wire.upload.bytesPerSecond).toBeUndefined();
    expect(throttle.status()).toMatchObject({
      source: 'start',
      upload_limit: null,
      download_limit: kibi ** 2,
      next: { at: new Date(monday('08:00')).toISOString(), upload_limit: 512 * kibi },
    });
    clock.advance(60_000);
    expect(throttle.wire.upload.bytesPerSecond).toBe(512 * kibi);
    clock.setWallClock(monday('20:00'));
    clock.advance(60_000);
    expect(throttle.wire.upload.bytesPerSecond).toBeUndefined();
    await throttle.close();
    expect(clock.pendingCount).toBe(0);
  });

  test('puts what the user sets before what it was started with, for a while or until further notice', async () => {
    const clock = new FakeClock(monday('12:00'));
    const throttle = Throttle.open({ limits: { upload: '1M:2M' }, clock });
    let setting = newSetting({}, { rate: '500k' });
    throttle.set(setting);
    expect(throttle.status()).toMatchObject({
      source: 'setting',
      upload_limit: 500 * kibi,
      download_limit: null,
    });
    setting = newSetting(setting, { rate: 'off', untilMs: clock.now() + 2 * hourMs });
    throttle.set(setting);
    expect(throttle.status()).toMatchObject({
      source: 'temporary',
      upload_limit: null,
      until: new Date(monday('14:00')).toISOString(),
    });
    clock.advance(2 * hourMs);
    expect(throttle.wire.upload.bytesPerSecond).toBe(500 * kibi);
    throttle.set(newSetting(setting, { rate: 'default' }));
    expect(throttle.status()).toMatchObject({
      source: 'start',
      upload_limit: kibi ** 2,
      download_limit: 2 * kibi ** 2,
    });
    throttle.setRate({ download: 3 * kibi });
    expect(throttle.status()).toMatchObject({ source: 'setting', download_limit: 3 * kibi });
    await throttle.close();
  });

  test('yields as started, as a job says for itself, or as the user sets for all', async () => {
    const clock = new FakeClock(monday('12:00'));
    const throttle = Throttle.open({ limits: { upload: '1M' }, clock });
    const job = throttle.scope({}, true);
    const { line: all = throttle.wire } = throttle.wire;
    const { line: own = job.wire } = job.wire;
    expect(own.upload.bytesPerSecond).toBe(128 * kibi);
    expect(all.upload.bytesPerSecond).toBe(kibi ** 2);
    // Folders have no line to share.
    expect(job.wire.upload.bytesPerSecond).toBe(kibi ** 2);
    let setting = newSetting({}, { yields: true });
    throttle.set(setting);
    expect(all.upload.bytesPerSecond).toBe(128 * kibi);
    expect(throttle.status()).toMatchObject({
      source: 'start',
      upload_limit: kibi ** 2,
      yielding: { upload_ceiling: 128 * kibi, download_ceiling: null, queue_delay_ms: null },
    });
    setting = newSetting(setting, { rate: '2M', yields: false });
    expect(setting).toEqual({ setting: { upload: '2M' }, yields: false });
    throttle.set(setting);
    expect(own.upload.bytesPerSecond).toBe(2 * kibi ** 2);
    expect(throttle.status().yielding).toBeNull();
    expect(newSetting(newSetting(setting, { rate: '500k' }), { rate: 'default' })).toEqual({});
    job.end();
    await throttle.close();
    expect(clock.pendingCount).toBe(0);
  });

  test('pauses and resumes by itself after the time given, and keeps the rate that was set', async () => {
    const clock = new FakeClock(monday('12:00'));
    const throttle = Throttle.open({ clock });
    const setting = newSetting(
      { setting: { upload: '10k' } },
      { rate: 'pause', untilMs: clock.now() + hourMs },
    );
    throttle.set(setting);
    expect(throttle.status()).toMatchObject({ paused: true, until: new Date(monday('13:00')).toISOString() });
    let went = false;
    void throttle.wire.upload.take(100).then(() => {
      went = true;
    });
    clock.advance(hourMs - 1);
    await Promise.resolve();
    expect(went).toBe(false);
    clock.advance(1);
    expect(throttle.status()).toMatchObject({ paused: false, upload_limit: 10 * kibi });
    expect(newSetting(setting, { rate: 'resume' })).toEqual({ setting: { upload: '10k' } });
    await throttle.close();
  });

  test("holds a job's own limit below the common one, and lifts it while the user has set another", async () => {
    const clock = new FakeClock(monday('12:00'));
    const throttle = Throttle.open({ limits: { upload: '1M' }, clock });
    const { wire, end } = throttle.scope({ upload: '300k' });
    expect(wire.upload.bytesPerSecond).toBe(300 * kibi);
    throttle.set({ setting: { upload: 'off' } });
    expect(wire.upload.isOpen).toBe(true);
    throttle.set({ pause: {} });
    expect(wire.upload.isPaused).toBe(true);
    throttle.set({});
    expect(wire.upload.bytesPerSecond).toBe(300 * kibi);
    end();
    await throttle.close();
    expect(() => Throttle.open({ limits: { upload: 'fast' }, clock })).toThrow(/transfer rate/);
  });
});
