import { describe, expect, it } from 'vitest';
import { chooseGpioRoute, openGpioChip } from '../../../hardware/detect.js';
import { CharacterChip } from '../../../hardware/linux/character-chip.js';
import type { Edge } from '../../../hardware/ports.js';
import { gpioInputContract } from '../../contracts/gpio-input.js';
import { gpioOutputContract } from '../../contracts/gpio-output.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeGpioKernel } from '../../support/fake-gpio-kernel.js';
import { fakeMachine } from '../../support/fake-sysfs.js';

/** A Raspberry Pi on Debian trixie: character devices, nothing in sysfs. */
async function open() {
  const roots = await fakeMachine({ model: 'Raspberry Pi 5', devices: ['gpiochip0', 'gpiochip11'] });
  const kernel = new FakeGpioKernel({
    [`${roots.devRoot}/gpiochip11`]: { label: 'gpio-brcmstb@107d508500', lines: 32 },
    [`${roots.devRoot}/gpiochip0`]: {
      label: 'pinctrl-rp1',
      lines: 54,
      names: { 14: 'TXD1', 17: 'GPIO17', 30: 'GPIO5', 5: 'GPIO5A' },
    },
  });
  const clock = new FakeClock();
  kernel.nowMs = () => clock.monotonicMs() + 5_000;
  const chip = await CharacterChip.open({ clock, kernel, devRoot: roots.devRoot });
  return { roots, kernel, clock, chip };
}

gpioInputContract('character device on a stand-in for the kernel', async () => {
  const { kernel, clock, chip } = await open();
  return {
    chip,
    clock,
    pin: 'GPIO17',
    drive: async (level) => kernel.drive(17, level),
    settle: async () => {},
    close: () => chip.close(),
  };
});

gpioOutputContract('character device on a stand-in for the kernel', async () => {
  const { kernel, chip } = await open();
  return { chip, pin: 'GPIO18', electrical: async () => kernel.electrical(18), close: () => chip.close() };
});

describe('CharacterChip on a stand-in for the kernel (no GPIO here)', () => {
  it('is the route that is chosen where the header chip is there, without sysfs', async () => {
    const { roots, kernel, clock, chip } = await open();
    expect(chip.chip).toEqual({ path: `${roots.devRoot}/gpiochip0`, label: 'pinctrl-rp1', lines: 54 });
    expect(await chooseGpioRoute({ ...roots, kernel })).toBe('chardev');
    expect((await openGpioChip({ route: 'auto', clock, kernel, ...roots })).route).toBe('chardev');
  });

  it.each([
    ['GPIO17', 17],
    ['17', 17],
    ['pin 11', 17],
    ['P11', 17],
    ['J8:40', 21],
    ['BOARD3', 2],
    ['TXD1', 14],
    ['GPIO5', 30],
  ])('takes %s for line %d', async (pin, offset) => {
    const { kernel, chip } = await open();
    await chip.input({ pin, activeLow: false });
    expect([...kernel.lines.keys()]).toEqual([offset]);
  });

  it.each([
    ['pin 2', '5 V'],
    ['P9', 'ground'],
    ['pin 41', '40 pins'],
    ['TXD9', 'not a line'],
  ])('refuses %s with a reason', async (pin, why) => {
    const { chip } = await open();
    await expect(chip.input({ pin, activeLow: false })).rejects.toMatchObject({
      code: 'LINE_UNKNOWN',
      message: expect.stringContaining(why),
    });
  });

  it('asks the kernel for pull resistors, debounce and polarity', async () => {
    const { kernel, chip } = await open();
    await chip.input({ pin: 'GPIO5', activeLow: true, bias: 'pull-up', debounceMs: 2.5 });
    await chip.input({ pin: 'GPIO6', activeLow: false, bias: 'pull-down' });
    await chip.input({ pin: 'GPIO7', activeLow: false, bias: 'none' });
    const asked = [...kernel.lines.values()].map(({ flags, debounceUs }) => [flags, debounceUs]);
    // GPIO_V2_LINE_FLAG_: input and both edges 0x34, active low 0x2, bias 0x100, 0x200, 0x400.
    expect(asked).toEqual([
      [0x136, 2500],
      [0x234, 0],
      [0x434, 0],
    ]);
  });

  it('names the program that holds a line, be it another or this one', async () => {
    const { kernel, chip } = await open();
    kernel.hold(22, 'pigpiod');
    await expect(chip.input({ pin: 'GPIO22', activeLow: true })).rejects.toMatchObject({
      code: 'LINE_BUSY',
      message: 'GPIO line GPIO22 is in use by "pigpiod".',
      context: { consumer: 'pigpiod' },
    });
    await chip.output({ pin: 'GPIO23', activeLow: false });
    await expect(chip.input({ pin: 'GPIO23', activeLow: true })).rejects.toMatchObject({
      message: expect.stringContaining('"gatehouse"'),
    });
    expect(chip.lines()[22]).toEqual({ name: '', consumer: 'pigpiod' });
  });

  it("gives edges the kernel's times on the program's clock, however late they are read", async () => {
    const { kernel, clock, chip } = await open();
    const line = await chip.input({ pin: 'GPIO17', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    const opened = clock.monotonicMs();
    const held = kernel.lines.get(17)!;
    const wake = held.onReadable;
    held.onReadable = undefined;
    clock.advance(10);
    kernel.drive(17, 1);
    clock.advance(0.25);
    kernel.drive(17, 0);
    clock.advance(500);
    wake?.();
    expect(edges.map(({ level }) => level)).toEqual([1, 0]);
    expect(edges[0]!.atMs - opened).toBeCloseTo(10, 3);
    expect(edges[1]!.atMs - edges[0]!.atMs).toBeCloseTo(0.25, 3);
  });

  it('tells of what the kernel has already when it is drained, each edge once', async () => {
    const { kernel, chip } = await open();
    const line = await chip.input({ pin: 'GPIO17', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    const held = kernel.lines.get(17)!;
    const wake = held.onReadable;
    held.onReadable = undefined;
    kernel.drive(17, 1);
    kernel.drive(17, 0);
    expect(edges).toEqual([]);
    line.drain?.();
    expect(edges.map(({ level }) => level)).toEqual([1, 0]);
    wake?.();
    expect(edges).toHaveLength(2);
    await line.close();
    line.drain?.();
  });

  it('does not show a new watcher what was before it', async () => {
    const { kernel, chip } = await open();
    const line = await chip.input({ pin: 'GPIO17', activeLow: false });
    kernel.lines.get(17)!.onReadable = undefined;
    kernel.drive(17, 1);
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    expect(edges).toEqual([]);
    expect(await line.read()).toBe(1);
  });

  it('is GPIO_DENIED when the device may not be opened, GPIO_NO_CHIP when none has a known label', async () => {
    const { roots, kernel, clock } = await open();
    const opening = (labels?: string[]) =>
      CharacterChip.open({ clock, kernel, devRoot: roots.devRoot, ...(labels && { labels }) });
    await expect(opening(['other'])).rejects.toMatchObject({
      code: 'GPIO_NO_CHIP',
      context: { found: 'pinctrl-rp1,gpio-brcmstb@107d508500' },
    });
    kernel.denied = 'EACCES';
    await expect(opening()).rejects.toMatchObject({ code: 'GPIO_DENIED' });
  });

  it('leaves no file open', async () => {
    const { kernel, chip } = await open();
    await chip.input({ pin: 'GPIO17', activeLow: false });
    await chip.output({ pin: 'GPIO18', activeLow: false });
    kernel.refusal = 'EPERM';
    await expect(chip.input({ pin: 'GPIO19', activeLow: false })).rejects.toMatchObject({
      code: 'GPIO_DENIED',
    });
    await chip.close();
    expect(kernel.openFiles).toBe(0);
  });
});
