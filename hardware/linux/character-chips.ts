/** Finds GPIO character devices and what their chips are called; opens each for a moment. */
import { systemCode } from '../../core/errors.js';
import type { GpioKernel } from './gpio-kernel.js';
import { chipInfoBytes, decodeChipInfo, lineInfoRequest, requests } from './gpio-uapi.js';
import { gpioCharacterDevices } from './machine.js';

export interface CharacterChipFact {
  /** `/dev/gpiochip0`. */
  readonly path: string;
  readonly label: string;
  readonly lines: number;
}

interface RefusedChip {
  readonly path: string;
  readonly label?: undefined;
  /** System error, for instance `EACCES`. */
  readonly refused: string;
}

type Found = (CharacterChipFact & { readonly refused?: undefined }) | RefusedChip;

/** All devices in the order of their numbers. */
export async function listCharacterChips(kernel: GpioKernel, devRoot?: string): Promise<Found[]> {
  return (await gpioCharacterDevices(devRoot)).map((path) => lookAt(kernel, path));
}

/** The chip with the header's lines, and all that there are. */
export async function findCharacterChip(
  kernel: GpioKernel,
  labels: readonly string[],
  devRoot?: string,
): Promise<{ readonly chip: CharacterChipFact | undefined; readonly all: readonly Found[] }> {
  const all = await listCharacterChips(kernel, devRoot);
  const usable = all.filter((found) => found.refused === undefined);
  // The same chip may have several names: on a Raspberry Pi 5, gpiochip4 is one more for gpiochip0.
  const chip = labels.flatMap((label) => usable.filter((found) => found.label === label))[0];
  return { chip, all };
}

function lookAt(kernel: GpioKernel, path: string): Found {
  let fd: number | undefined;
  try {
    fd = kernel.open(path);
    const bytes = Buffer.alloc(chipInfoBytes);
    kernel.control(fd, requests.chipInfo, bytes);
    // Kernels before 5.10 have version 1 of the interface only and refuse this.
    kernel.control(fd, requests.lineInfo, lineInfoRequest(0));
    const { label, lines } = decodeChipInfo(bytes);
    return { path, label, lines };
  } catch (error) {
    return { path, refused: systemCode(error) ?? 'unknown' };
  } finally {
    if (fd !== undefined) kernel.close(fd);
  }
}
