import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { chooseGpioRoute, openGpioChip } from '../../hardware/detect.js';
import { listGpioChips } from '../../hardware/linux/gpio-chips.js';
import { OnoffChip } from '../../hardware/linux/onoff-chip.js';
import type { Edge, Level } from '../../hardware/ports.js';
import { asNobody, drive, electrical, headerLabel, holdLine, lineInfo, settle } from './board.js';
import { lineContracts } from './line-contracts.js';

lineContracts('onoff', () => OnoffChip.open({ clock: systemClock }));

describe('OnoffChip on a real kernel', () => {
  let chip: OnoffChip;
  beforeEach(async () => {
    chip = await OnoffChip.open({ clock: systemClock });
  });
  afterEach(() => chip.close());

  const exported = (offset: number) => existsSync(`/sys/class/gpio/gpio${chip.chip.base + offset}`);

  it('is the route without character devices, with the chip found by its label among others', async () => {
    const chips = await listGpioChips();
    expect(chips.map(({ label }) => label).sort()).toEqual([headerLabel, 'raspberrypi-exp-gpio']);
    expect(chip.chip).toEqual(chips.find(({ label }) => label === headerLabel));
    expect(chip.chip).toMatchObject({ lines: 54, base: expect.any(Number) });
    expect(chip.chip.base).toBeGreaterThan(0);
    // A kernel without the character device, or no koffi.
    const devRoot = '/nowhere';
    expect(await chooseGpioRoute({ devRoot })).toBe('onoff');
    const opened = await openGpioChip({ route: 'auto', devRoot, clock: systemClock });
    expect(opened.route).toBe('onoff');
    await opened.close();
  });

  it('sees 100 edges, each with its level', async () => {
    await drive(27, 0);
    const line = await chip.input({ pin: 'GPIO27', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    const driven: Level[] = [];
    for (let i = 1; i <= 100; i += 1) {
      driven.push((i % 2) as Level);
      await drive(27, (i % 2) as Level);
      await settle(() => edges.length === i);
    }
    expect(edges.map(({ level }) => level)).toEqual(driven);
  });

  it('ends a burst at the level that the line kept', async () => {
    await drive(27, 0);
    const line = await chip.input({ pin: 'GPIO27', activeLow: false });
    const edges: Edge[] = [];
    line.watch((edge) => edges.push(edge));
    for (let i = 0; i < 200; i += 1) await drive(27, (i % 2) as Level);
    await settle(() => edges.length > 0 && edges.at(-1)?.level === 1);
    expect(await line.read()).toBe(1);
    expect(edges.map(({ level }) => level)).toEqual(edges.map((_, index) => (index + 1) % 2));
    expect(edges.at(-1)?.level).toBe(1);
  });

  it('is LINE_BUSY while another program holds the line, and free when that has ended', async () => {
    const end = await holdLine(22);
    await expect(chip.input({ pin: 'GPIO22', activeLow: true })).rejects.toMatchObject({
      code: 'LINE_BUSY',
      hint: expect.stringContaining('GPIO22'),
    });
    await expect(chip.output({ pin: 'GPIO22', activeLow: true })).rejects.toMatchObject({
      code: 'LINE_BUSY',
    });
    expect(exported(22)).toBe(false);
    await end();
    expect(await (await chip.input({ pin: 'GPIO22', activeLow: false })).read()).toBe(0);
  });

  it('is GPIO_DENIED to a user outside the group gpio', async () => {
    const denied = asNobody(() => chip.input({ pin: 'GPIO23', activeLow: true }));
    await expect(denied).rejects.toMatchObject({
      code: 'GPIO_DENIED',
      hint: expect.stringContaining('usermod -aG gpio'),
    });
    expect(await (await chip.input({ pin: 'GPIO23', activeLow: false })).read()).toBe(0);
  });

  it('is GPIO_DENIED to such a user also when the line was left exported, without standing still', async () => {
    await writeFile('/sys/class/gpio/export', String(chip.chip.base + 24));
    onTestFinished(() => writeFile('/sys/class/gpio/unexport', String(chip.chip.base + 24)));
    const before = systemClock.monotonicMs();
    const denied = asNobody(() => chip.output({ pin: 'GPIO24', activeLow: false }));
    await expect(denied).rejects.toMatchObject({ code: 'GPIO_DENIED' });
    expect(systemClock.monotonicMs() - before).toBeLessThan(3_000);
  });

  describe.each(['in', 'high'])('a line that a crashed program left as %s', (direction) => {
    beforeEach(async () => {
      await drive(25, 1);
      await writeFile('/sys/class/gpio/export', String(chip.chip.base + 25));
      await writeFile(`/sys/class/gpio/gpio${chip.chip.base + 25}/direction`, direction);
    });

    it('is taken over as an input', async () => {
      const input = await chip.input({ pin: 'GPIO25', activeLow: true });
      expect(await input.read()).toBe(0);
      const edges: Edge[] = [];
      input.watch((edge) => edges.push(edge));
      for (const level of [0, 1, 0] as const) {
        const count = edges.length;
        await drive(25, level);
        await settle(() => edges.length > count);
      }
      expect(edges.map(({ level }) => level)).toEqual([1, 0, 1]);
    });

    it('is taken over as an output that starts inactive', async () => {
      const output = await chip.output({ pin: 'GPIO25', activeLow: false });
      expect(await electrical(25)).toBe(0);
      await output.write(1);
      expect(await electrical(25)).toBe(1);
      await output.write(0);
      expect(await electrical(25)).toBe(0);
    });
  });

  it('gives its lines back to the kernel', async () => {
    await chip.input({ pin: 'GPIO26', activeLow: true });
    expect(exported(26)).toBe(true);
    expect(await lineInfo(26)).toContain('sysfs');
    await chip.close();
    expect(exported(26)).toBe(false);
    expect(await lineInfo(26)).toMatch(/^((?!sysfs).)+$/);
  });
});
