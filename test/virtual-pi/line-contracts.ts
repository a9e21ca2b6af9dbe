/** The contracts of lines on the board's simulated chip, by whichever route opens it. */
import { systemClock } from '../../core/clock.js';
import type { GpioChip } from '../../hardware/ports.js';
import { gpioInputContract } from '../contracts/gpio-input.js';
import { gpioOutputContract } from '../contracts/gpio-output.js';
import { drive, electrical, settle } from './board.js';

export function lineContracts(route: string, open: () => Promise<GpioChip>): void {
  gpioInputContract(`${route} on a real kernel`, async () => {
    const chip = await open();
    return {
      chip,
      clock: systemClock,
      pin: 'GPIO17',
      drive: (level) => drive(17, level),
      settle,
      close: () => chip.close(),
    };
  });

  gpioOutputContract(`${route} on a real kernel`, async () => {
    const chip = await open();
    return { chip, pin: 'GPIO18', electrical: () => electrical(18), close: () => chip.close() };
  });
}
