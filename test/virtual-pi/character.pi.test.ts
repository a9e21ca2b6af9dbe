import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { sleep, systemClock } from '../../core/clock.js';
import { clickDefaults } from '../../device/clicks/click-machine.js';
import { ClickRecogniser } from '../../device/clicks/click-recogniser.js';
import { chooseGpioRoute, openGpioChip } from '../../hardware/detect.js';
import { CharacterChip } from '../../hardware/linux/character-chip.js';
import type { Edge, GpioInput, Level } from '../../hardware/ports.js';
import {
  asNobody,
  drive,
  driveAtOnce,
  electrical,
  headerLabel,
  holdLine,
  lineInfo,
  settle,
} from './board.js';
import { lineContracts } from './line-contracts.js';

lineContracts('chardev', () => CharacterChip.open({ clock: systemClock }));

function watched(line: GpioInput): Edge[] {
  const edges: Edge[] = [];
  line.watch((edge) => edges.push(edge));
  return edges;
}

/** The program does nothing, and hears nothing. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('CharacterChip on a real kernel', () => {
  let chip: CharacterChip;
  beforeEach(async () => {
    chip = await CharacterChip.open({ clock: systemClock });
    onTestFinished(() => chip.close());
  });

  it('is the route that is chosen here, with the chip found by its label among others', async () => {
    expect(chip.chip).toMatchObject({ label: headerLabel, lines: 54 });
    expect(await chooseGpioRoute()).toBe('chardev');
    const opened = await openGpioChip({ route: 'auto', clock: systemClock });
    expect(opened.route).toBe('chardev');
    await opened.close();
  });

  it('finds a line by BCM number, by its place on the header and by its name', async () => {
    await drive(21, 1);
    for (const pin of ['GPIO21', '21', 'pin 40', 'P40']) {
      const line = await chip.input({ pin, activeLow: false });
      expect(await line.read(), pin).toBe(1);
      await line.close();
    }
    expect(chip.lines()[21]).toEqual({ name: 'GPIO21', consumer: undefined });
  });

  it('sees 500 edges, each with its level and a time of the kernel between those of its cause and its report', async () => {
    await drive(27, 0);
    const line = await chip.input({ pin: 'GPIO27', activeLow: false });
    const edges = watched(line);
    const driven: Level[] = [];
    for (let i = 1; i <= 500; i += 1) {
      driven.push((i % 2) as Level);
      const before = systemClock.monotonicMs();
      await drive(27, (i % 2) as Level);
      await settle(() => edges.length === i);
      expect(edges.at(-1)?.atMs).toBeGreaterThan(before - 0.5);
      expect(edges.at(-1)?.atMs).toBeLessThan(systemClock.monotonicMs() + 0.5);
    }
    expect(edges.map(({ level }) => level)).toEqual(driven);
  });

  it('ends a burst at the level that the line kept', async () => {
    await drive(27, 0);
    const line = await chip.input({ pin: 'GPIO27', activeLow: false });
    const edges = watched(line);
    for (let i = 0; i < 200; i += 1) await drive(27, (i % 2) as Level);
    await settle(() => edges.length > 0 && edges.at(-1)?.level === 1);
    expect(await line.read()).toBe(1);
    expect(edges.map(({ level }) => level)).toEqual(edges.map((_, index) => (index + 1) % 2));
  });

  it('makes no LONG of a short press while the program is busy: the times of the kernel decide', async () => {
    await drive(27, 0);
    const line = await chip.input({ pin: 'GPIO27', activeLow: false });
    const clicks: string[] = [];
    const recogniser = ClickRecogniser.open({
      line,
      clock: systemClock,
      rules: { ...clickDefaults, longMs: 400 },
      onClick: ({ clickType }) => clicks.push(clickType),
    });
    onTestFinished(() => recogniser.close());
    const edges = watched(line);
    await drive(27, 1);
    await settle(() => edges.length > 0);
    standStill(200);
    driveAtOnce(27, 0);
    standStill(600);
    await settle(() => clicks.length > 0);
    expect(clicks).toEqual(['SINGLE']);
  });

  it("lets the kernel's debounce swallow what is shorter", async () => {
    await drive(19, 0);
    const line = await chip.input({ pin: 'GPIO19', activeLow: false, debounceMs: 200 });
    const edges = watched(line);
    for (const level of [1, 0, 1, 0] as const) await drive(19, level);
    await sleep(systemClock, 500);
    expect(edges).toEqual([]);
    await drive(19, 1);
    await settle(() => edges.length > 0);
    expect(edges.map(({ level }) => level)).toEqual([1]);
  });

  it('switches the pull resistors', async () => {
    for (const [bias, level] of [
      ['pull-up', 1],
      ['pull-down', 0],
    ] as const) {
      const line = await chip.input({ pin: 'GPIO16', activeLow: false, bias });
      expect([await line.read(), await electrical(16)]).toEqual([level, level]);
      await line.close();
    }
  });

  it('names the program that holds a line, and gives it when that has ended', async () => {
    const end = await holdLine(22);
    for (const opening of [
      chip.input({ pin: 'GPIO22', activeLow: true }),
      chip.output({ pin: 'P15', activeLow: true }),
    ]) {
      await expect(opening).rejects.toMatchObject({
        code: 'LINE_BUSY',
        context: { consumer: expect.stringContaining('gpioset') },
      });
    }
    await end();
    expect(await (await chip.input({ pin: 'GPIO22', activeLow: false })).read()).toBe(0);
  });

  it('is GPIO_DENIED to a user outside the group gpio', async () => {
    const denied = asNobody(() => CharacterChip.open({ clock: systemClock }));
    await expect(denied).rejects.toMatchObject({
      code: 'GPIO_DENIED',
      hint: expect.stringContaining('usermod -aG gpio'),
    });
  });

  it('tells other programs who has a line, and gives it back to the kernel', async () => {
    await chip.input({ pin: 'GPIO26', activeLow: true });
    expect(await lineInfo(26)).toContain('gatehouse');
    await chip.close();
    expect(await lineInfo(26)).not.toContain('gatehouse');
  });
});
