/**
 * The contract of `GpioInput` and of its `GpioChip`, for every route. The rig drives the line from
 * outside: in memory for simulated lines, by the board's other end for real ones.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../core/clock.js';
import type { Edge, GpioChip, GpioInput, Level } from '../../hardware/ports.js';

export interface GpioInputRig {
  readonly chip: GpioChip;
  /** The clock that the chip was opened with. */
  readonly clock: Clock;
  /** A free input line that `drive` reaches. */
  readonly pin: string;
  /** Puts the line at an electrical level; resolves when the kernel could have seen it. */
  drive(level: Level): Promise<void>;
  /** Lets the route's time pass until `done`, or for a stated limit; tests assert afterwards. */
  settle(done: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export function gpioInputContract(routeName: string, openRig: () => Promise<GpioInputRig>): void {
  describe(`GpioInput contract: ${routeName}`, () => {
    let rig: GpioInputRig;
    beforeEach(async () => {
      rig = await openRig();
      await rig.drive(0);
    });
    afterEach(() => rig.close());

    const open = (activeLow = false): Promise<GpioInput> => rig.chip.input({ pin: rig.pin, activeLow });
    async function watched(line: GpioInput): Promise<Edge[]> {
      const edges: Edge[] = [];
      line.watch((edge) => edges.push(edge));
      return edges;
    }
    const driveAndSee = async (level: Level, edges: Edge[]) => {
      const before = edges.length;
      await rig.drive(level);
      await rig.settle(() => edges.length > before);
    };

    it('names its pin as configured, and the route of its chip', async () => {
      const line = await open();
      expect(line.pin).toBe(rig.pin);
      expect(line.route).toBe(rig.chip.route);
    });

    it('reads the level that is there, also without a watcher', async () => {
      const line = await open();
      expect(await line.read()).toBe(0);
      await rig.drive(1);
      expect(await line.read()).toBe(1);
    });

    it('reads 1 for a low line when active low', async () => {
      const line = await open(true);
      expect(await line.read()).toBe(1);
      await rig.drive(1);
      expect(await line.read()).toBe(0);
    });

    it('reports every edge once, in order, with times that do not go back', async () => {
      const line = await open();
      const before = rig.clock.monotonicMs();
      const edges = await watched(line);
      for (const level of [1, 0, 1, 0] as const) await driveAndSee(level, edges);
      expect(edges.map(({ level }) => level)).toEqual([1, 0, 1, 0]);
      const times = [before, ...edges.map(({ atMs }) => atMs), rig.clock.monotonicMs()];
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });

    it('reports a pressed active-low button as level 1', async () => {
      await rig.drive(1);
      const line = await open(true);
      const edges = await watched(line);
      await driveAndSee(0, edges);
      await driveAndSee(1, edges);
      expect(edges.map(({ level }) => level)).toEqual([1, 0]);
    });

    it('reports no edge when the level stays', async () => {
      const line = await open();
      const edges = await watched(line);
      await rig.drive(0);
      await driveAndSee(1, edges);
      await rig.drive(1);
      await driveAndSee(0, edges);
      expect(edges.map(({ level }) => level)).toEqual([1, 0]);
    });

    it('loses no edge to a reader', async () => {
      const line = await open();
      const edges = await watched(line);
      for (const level of [1, 0, 1] as const) {
        await rig.drive(level);
        expect(await line.read()).toBe(level);
      }
      await rig.settle(() => edges.length >= 3);
      expect(edges.map(({ level }) => level)).toEqual([1, 0, 1]);
    });

    it('serves several watchers, and stops serving one without disturbing the other', async () => {
      const line = await open();
      const stays = await watched(line);
      const leaves: Edge[] = [];
      const stop = line.watch((edge) => leaves.push(edge));
      await driveAndSee(1, stays);
      stop();
      stop();
      await driveAndSee(0, stays);
      expect(stays.map(({ level }) => level)).toEqual([1, 0]);
      expect(leaves.map(({ level }) => level)).toEqual([1]);
    });

    it('is watched again after its last watcher left', async () => {
      const line = await open();
      line.watch(() => {})();
      const edges = await watched(line);
      await driveAndSee(1, edges);
      expect(edges.map(({ level }) => level)).toEqual([1]);
    });

    it('refuses a line twice, and gives it again after closing', async () => {
      const line = await open();
      await expect(open()).rejects.toMatchObject({ code: 'LINE_BUSY' });
      await line.close();
      expect(await (await open()).read()).toBe(0);
    });

    it('refuses names that are no line', async () => {
      for (const pin of ['GPIO999', 'P1', '', '-1', 'GPIO']) {
        await expect(rig.chip.input({ pin, activeLow: false })).rejects.toMatchObject({
          code: 'LINE_UNKNOWN',
        });
      }
    });

    it('closes twice without fault, then reports nothing and refuses to read', async () => {
      const line = await open();
      const edges = await watched(line);
      await line.close();
      await line.close();
      await rig.drive(1);
      expect(edges).toEqual([]);
      await expect(line.read()).rejects.toMatchObject({ code: 'LINE_CLOSED' });
    });

    it('closes its lines when the chip closes, and opens none after', async () => {
      const line = await open();
      await rig.chip.close();
      await rig.chip.close();
      await expect(line.read()).rejects.toMatchObject({ code: 'LINE_CLOSED' });
      await expect(open()).rejects.toMatchObject({ code: 'GPIO_CLOSED' });
    });
  });
}
