/** Names of lines: `GPIO17` or `17`, the BCM number of the Raspberry Pi's documentation. */
import { lineUnknown } from './errors.js';

/**
 * The offset of the line on its chip.
 * @throws LINE_UNKNOWN when `pin` is no such name, or not below `lineCount`.
 */
export function lineOffset(pin: string, lineCount: number): number {
  const digits = /^(?:GPIO)?(\d{1,3})$/i.exec(pin)?.[1];
  if (digits === undefined || Number(digits) >= lineCount) throw lineUnknown(pin, lineCount);
  return Number(digits);
}
