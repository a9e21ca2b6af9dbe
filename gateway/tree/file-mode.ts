/**
 * Go's FileMode bits, which restic stores, against the kernel's st_mode. Bits above 2^30 are used:
 * all arithmetic here stays unsigned.
 */
export type NodeType = 'file' | 'dir' | 'symlink' | 'dev' | 'chardev' | 'fifo' | 'socket' | 'irregular';

const formatMask = 0o170000;

/** Kernel format bits, node type and Go's type bits, side by side. */
const formats: readonly { format: number; type: NodeType; bits: number }[] = [
  { format: 0o100000, type: 'file', bits: 0 },
  { format: 0o040000, type: 'dir', bits: 2 ** 31 },
  { format: 0o120000, type: 'symlink', bits: 2 ** 27 },
  { format: 0o060000, type: 'dev', bits: 2 ** 26 },
  { format: 0o020000, type: 'chardev', bits: 2 ** 26 + 2 ** 21 },
  { format: 0o010000, type: 'fifo', bits: 2 ** 25 },
  { format: 0o140000, type: 'socket', bits: 2 ** 24 },
];

/** Setuid, setgid and sticky: kernel bit and Go bit. */
const special: readonly (readonly [number, number])[] = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
];

export function typeOfMode(mode: number): NodeType {
  return formats.find((entry) => entry.format === (mode & formatMask))?.type ?? 'irregular';
}

/** Go's FileMode of a kernel st_mode. */
export function goMode(mode: number): number {
  const known = formats.find((entry) => entry.format === (mode & formatMask));
  let bits = (known?.bits ?? 2 ** 19) + (mode & 0o777);
  for (const [kernel, go] of special) if ((mode & kernel) !== 0) bits += go;
  return bits;
}

/** Permission bits for chmod (0..0o7777) of a Go FileMode. */
export function permissionsOf(bits: number): number {
  let mode = bits & 0o777;
  for (const [kernel, go] of special) if (Math.floor(bits / go) % 2 === 1) mode |= kernel;
  return mode;
}

/** The kernel's S_IFBLK or S_IFCHR with permission bits, for mknod. */
export function deviceMode(type: 'dev' | 'chardev', bits: number): number {
  return (type === 'dev' ? 0o060000 : 0o020000) | permissionsOf(bits);
}

/** As Go shows a FileMode: `drwxr-xr-x`, `Lrwxrwxrwx`, `ugrwxr-x---`. */
export function modeText(bits: number): string {
  const has = (bit: number) => Math.floor(bits / 2 ** bit) % 2 === 1;
  const letters = Array.from('dalTLDpSugct?').filter((_letter, at) => has(31 - at));
  const permissions = Array.from('rwxrwxrwx', (letter, at) => (has(8 - at) ? letter : '-'));
  return `${letters.join('') || '-'}${permissions.join('')}`;
}
