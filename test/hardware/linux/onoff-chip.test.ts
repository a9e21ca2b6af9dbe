import { describe, expect, it } from 'vitest';
import { OnoffChip } from '../../../hardware/linux/onoff-chip.js';
import { loadOptionalPackage } from '../../../hardware/linux/packages.js';
import type { Edge } from '../../../hardware/ports.js';
import { FakeOnoff, systemError } from '../../support/fake-onoff.js';
import { fakeMachine, raspberryPi5 } from '../../support/fake-sysfs.js';
import { RushingClock } from '../../support/rushing-clock.js';

async function open(onoff = new FakeOnoff()) {
  const { sysfsRoot } = await fakeMachine(raspberryPi5);
  const clock = new RushingClock();
  const chip = await OnoffChip.open({ clock, sysfsRoot, loadPackage: onoff.package });
  return { chip, clock, onoff };
}

describe('OnoffChip on a fake sysfs tree and a stand-in for onoff (no GPIO here)', () => {
  it('adds the base of the chip that was found by label', async () => {
    const { chip, onoff } = await open();
    const line = await chip.input({ pin: 'GPIO17', activeLow: true });
    await chip.input({ pin: '4', activeLow: false });
    expect(line).toMatchObject({ pin: 'GPIO17', route: 'onoff' });
    expect(onoff.opened).toEqual([
      [588, 'in', 'both', { activeLow: true }],
      [575, 'in', 'both', { activeLow: false }],
    ]);
  });

  it('starts outputs at their inactive electrical level', async () => {
    const { chip, onoff } = await open();
    await chip.output({ pin: '1', activeLow: true });
    await (await chip.output({ pin: '2', activeLow: false })).write(1);
    expect(onoff.opened).toEqual([
      [572, 'high', 'none', { activeLow: true }],
      [573, 'low', 'none', { activeLow: false }],
    ]);
    expect(onoff.lines[1]?.written).toEqual([1]);
  });

  it('refuses to guess when no chip has a known label', async () => {
    const { sysfsRoot } = await fakeMachine({
      chips: { gpiochip0: { label: 'INT34C5:00', base: '0', ngpio: '9' } },
    });
    const opened = OnoffChip.open({
      clock: new RushingClock(),
      sysfsRoot,
      loadPackage: new FakeOnoff().package,
    });
    await expect(opened).rejects.toMatchObject({ code: 'GPIO_NO_CHIP', context: { found: 'INT34C5:00' } });
  });

  it('takes a chip by a configured label', async () => {
    const { sysfsRoot } = await fakeMachine({
      chips: { gpiochip9: { label: 'gpio-sim', base: '9', ngpio: '8' } },
    });
    const options = {
      clock: new RushingClock(),
      sysfsRoot,
      labels: ['gpio-sim'],
      loadPackage: new FakeOnoff().package,
    };
    const chip = await OnoffChip.open(options);
    expect(chip.chip.base).toBe(9);
    await expect(chip.input({ pin: '8', activeLow: false })).rejects.toMatchObject({ code: 'LINE_UNKNOWN' });
  });

  it.each([
    ['EBUSY', 'LINE_BUSY', 1],
    ['EINVAL', 'LINE_UNKNOWN', 1],
    ['EIO', 'LINE_FAILED', 1],
    ['EACCES', 'GPIO_DENIED', 5],
  ])('maps %s to %s', async (system, code, tries) => {
    const { chip, onoff } = await open();
    onoff.refusals.push(...Array.from({ length: tries }, () => systemError(system)));
    await expect(chip.input({ pin: '17', activeLow: true })).rejects.toMatchObject({ code });
    expect(onoff.opened).toHaveLength(tries);
    await chip.input({ pin: '17', activeLow: true });
  });

  it('names the group in the hint when access is denied', async () => {
    const { chip, onoff } = await open();
    onoff.refusals.push(...Array.from({ length: 5 }, () => systemError('EACCES')));
    const denied = chip.output({ pin: '17', activeLow: true });
    await expect(denied).rejects.toMatchObject({ hint: expect.stringContaining('usermod -aG gpio') });
  });

  it('waits while udev has not yet given the line to the group', async () => {
    const { chip, clock, onoff } = await open();
    onoff.refusals.push(systemError('EACCES'), systemError('EACCES'));
    await chip.input({ pin: '17', activeLow: true });
    expect(clock.monotonicMs()).toBe(200);
  });

  it('sets up a line again that was left exported, since onoff hides that it could not', async () => {
    const { chip, onoff } = await open();
    onoff.exportedBefore = { refusal: systemError('EACCES') };
    const denied = chip.input({ pin: '17', activeLow: true });
    await expect(denied).rejects.toMatchObject({ code: 'GPIO_DENIED' });
    expect(onoff.lines[0]?.unexported).toBe(1);
    Object.assign(onoff, { exportedBefore: { refusal: undefined } });
    await chip.input({ pin: '17', activeLow: true });
    expect(onoff.lines[1]?.settings).toEqual({ direction: 'in', edge: 'both', activeLow: true });
  });

  it('reports edges against the level at opening and leaves out repeated levels', async () => {
    const { chip, clock, onoff } = await open();
    const line = await chip.input({ pin: '17', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    const fake = onoff.lines[0]!;
    fake.edgeTo(0);
    clock.advance(5);
    fake.edgeTo(1);
    fake.edgeTo(1);
    clock.advance(2.5);
    fake.edgeTo(0);
    expect(edges).toEqual([
      { level: 1, atMs: 5 },
      { level: 0, atMs: 7.5 },
    ]);
  });

  it('reports an edge that a read has swallowed in the kernel', async () => {
    const { chip, onoff } = await open();
    const line = await chip.input({ pin: '17', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    onoff.lines[0]!.level = 1;
    expect(await line.read()).toBe(1);
    expect(edges.map(({ level }) => level)).toEqual([1]);
  });

  it('hands a failing poll to the watchers, and a failing read to the reader', async () => {
    const { chip, onoff } = await open();
    const line = await chip.input({ pin: '17', activeLow: false });
    const errors: Error[] = [];
    line.watch(
      () => {},
      (error) => errors.push(error),
    );
    onoff.lines[0]!.edgeTo(1, systemError('EIO'));
    expect(errors).toMatchObject([{ code: 'LINE_FAILED' }]);
    onoff.lines[0]!.refusal = systemError('EIO');
    await expect(line.read()).rejects.toMatchObject({ code: 'LINE_FAILED' });
  });

  it('gives lines back to the kernel, each once, when the chip closes', async () => {
    const { chip, onoff } = await open();
    const line = await chip.input({ pin: '17', activeLow: false });
    await chip.output({ pin: '18', activeLow: false });
    await line.close();
    await chip.close();
    await chip.close();
    expect(onoff.lines.map(({ unexported }) => unexported)).toEqual([1, 1]);
    await expect(chip.input({ pin: '17', activeLow: false })).rejects.toMatchObject({ code: 'GPIO_CLOSED' });
  });
});

describe('optional packages', () => {
  it('bring their install command when they are absent', async () => {
    const absent = Object.assign(new Error("Cannot find package 'onoff'"), { code: 'ERR_MODULE_NOT_FOUND' });
    const loading = loadOptionalPackage('onoff', () => Promise.reject(absent));
    await expect(loading).rejects.toMatchObject({
      code: 'HARDWARE_PACKAGE_MISSING',
      hint: expect.stringContaining('npm install --include=optional'),
    });
  });

  it('bring their rebuild command when they were not compiled, for the part that is compiled', async () => {
    const uncompiled = new Error('Could not locate the bindings file. Tried: …');
    const loading = loadOptionalPackage('onoff', () => Promise.reject(uncompiled));
    await expect(loading).rejects.toMatchObject({ hint: expect.stringContaining('npm rebuild epoll') });
  });
});
