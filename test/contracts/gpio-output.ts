/** The contract of `GpioOutput`, for every route. The rig looks at the line from outside. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { GpioChip, Level } from '../../hardware/ports.js';

export interface GpioOutputRig {
  readonly chip: GpioChip;
  /** A free line that `electrical` sees. */
  readonly pin: string;
  /** The electrical level of the line now. */
  electrical(): Promise<Level>;
  close(): Promise<void>;
}

export function gpioOutputContract(routeName: string, openRig: () => Promise<GpioOutputRig>): void {
  describe(`GpioOutput contract: ${routeName}`, () => {
    let rig: GpioOutputRig;
    beforeEach(async () => {
      rig = await openRig();
    });
    afterEach(() => rig.close());

    it.each([false, true])('starts inactive (active low: %s)', async (activeLow) => {
      await rig.chip.output({ pin: rig.pin, activeLow });
      expect(await rig.electrical()).toBe(activeLow ? 1 : 0);
    });

    it.each([false, true])('puts out what is written (active low: %s)', async (activeLow) => {
      const line = await rig.chip.output({ pin: rig.pin, activeLow });
      for (const level of [1, 1, 0, 1, 0] as const) {
        await line.write(level);
        expect(await rig.electrical()).toBe(activeLow ? 1 - level : level);
      }
    });

    it('names its pin as configured, and the route of its chip', async () => {
      const line = await rig.chip.output({ pin: rig.pin, activeLow: false });
      expect({ pin: line.pin, route: line.route }).toEqual({ pin: rig.pin, route: rig.chip.route });
    });

    it('is not given while the line is in use, as input or output', async () => {
      const line = await rig.chip.output({ pin: rig.pin, activeLow: false });
      const options = { pin: rig.pin, activeLow: false };
      await expect(rig.chip.output(options)).rejects.toMatchObject({ code: 'LINE_BUSY' });
      await expect(rig.chip.input(options)).rejects.toMatchObject({ code: 'LINE_BUSY' });
      await line.close();
      await rig.chip.output(options);
    });

    it('closes twice without fault and refuses to write afterwards', async () => {
      const line = await rig.chip.output({ pin: rig.pin, activeLow: false });
      await line.close();
      await line.close();
      await expect(line.write(1)).rejects.toMatchObject({ code: 'LINE_CLOSED' });
    });

    it('refuses names that are no line', async () => {
      await expect(rig.chip.output({ pin: 'GPIO999', activeLow: false })).rejects.toMatchObject({
        code: 'LINE_UNKNOWN',
      });
    });
  });
}
