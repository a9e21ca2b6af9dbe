/**
 * Names of lines, as people name them: `GPIO17` or `17`, the BCM number of the Raspberry Pi's
 * documentation; `pin 11`, `P11`, `J8:11` or `BOARD11`, the place on the 40-pin header; or the kernel's
 * name of the line. A bare number is never a place on the header.
 */
import { lineUnknown } from './errors.js';
import { headerPins } from './header-pins.js';

/**
 * The BCM number that `pin` stands for, undefined when it can only be a name of the kernel.
 * @throws LINE_UNKNOWN for a place on the header that carries no line.
 */
export function bcmNumber(pin: string): number | undefined {
  const digits = /^(?:GPIO)?(\d{1,3})$/i.exec(pin)?.[1];
  if (digits !== undefined) return Number(digits);
  const place = /^(?:pin ?|P|J8:|BOARD)(\d{1,2})$/i.exec(pin)?.[1];
  if (place === undefined) return undefined;
  const carries = headerPins[Number(place) - 1];
  if (typeof carries === 'number') return carries;
  throw lineUnknown(
    pin,
    carries === undefined ? 'is not one of the 40 pins of the header' : `carries ${carries}, not a line`,
  );
}

/** The same for every way to name a line: `GPIO17`; other names as they are. @throws LINE_UNKNOWN. */
export function canonicalPin(pin: string): string {
  const number = bcmNumber(pin);
  return number === undefined ? pin : `GPIO${number}`;
}

/** Where the header has the line with that BCM number. */
export function headerPlace(bcm: number): number | undefined {
  const index = headerPins.indexOf(bcm);
  return index < 0 ? undefined : index + 1;
}

/**
 * The offset of the line on its chip, where the kernel's names are not to be had.
 * @throws LINE_UNKNOWN when `pin` is no such name, or not below `lineCount`.
 */
export function lineOffset(pin: string, lineCount: number): number {
  const number = bcmNumber(pin);
  if (number === undefined || number >= lineCount) throw lineUnknown(pin);
  return number;
}
