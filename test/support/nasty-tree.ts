/** A folder with everything that file systems allow and backup programs stumble over. */
import { createCipheriv } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { getuid } from 'node:process';
import { fileTimes, loadPosix } from '../../gateway/files/posix.js';

const slash = Buffer.from('/');

/** `length` bytes that look random and are the same for the same seed. */
export function noise(length: number, seed: number): Buffer {
  const key = Buffer.alloc(32, seed);
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** Names that need care, as bytes. */
export const nastyNames: readonly Buffer[] = [
  Buffer.from('we"ird\\name'),
  Buffer.from('line\nbreak\ttab'),
  Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x6f]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from('emoji \u{1f600} \u{e0001}'),
  Buffer.from('line\u2028separator\u00a0and\u00ad\u200b'),
  Buffer.from('bell\u0007\u0001\u007f'),
  Buffer.from('<&>\u00e9e\u0301\ufffd\ue000'),
  Buffer.from('x'.repeat(255)),
  Buffer.from(' leading and trailing '),
  Buffer.from('-rf'),
  Buffer.from('\\x41\\u0041'),
];

export interface NastyOptions {
  readonly bigFileBytes?: number;
  /** Device nodes and foreign owners, which only root can make. */
  readonly asRoot?: boolean;
}

export async function makeNastyTree(root: string, options: NastyOptions = {}): Promise<void> {
  const posix = await loadPosix();
  const at = (...names: (string | Buffer)[]) =>
    names.reduce<Buffer>((path, name) => Buffer.concat([path, slash, Buffer.from(name)]), Buffer.from(root));
  mkdirSync(root, { recursive: true });
  mkdirSync(at('names'));
  for (const [index, name] of nastyNames.entries()) writeFileSync(at('names', name), `content ${index}`);
  mkdirSync(at('modes'));
  for (const mode of [0o0000, 0o4755, 0o2755, 0o600, 0o777]) {
    const path = at('modes', mode.toString(8));
    writeFileSync(path, `mode ${mode}`);
    chmodSync(path, mode);
  }
  for (const mode of [0o1777, 0o2770, 0o500]) {
    mkdirSync(at('modes', `dir-${mode.toString(8)}`));
    chmodSync(at('modes', `dir-${mode.toString(8)}`), mode);
  }
  mkdirSync(at('empty'));
  mkdirSync(at('empty', 'nested'));
  writeFileSync(at('empty-file'), '');
  mkdirSync(at('links'));
  writeFileSync(at('links', 'first'), noise(700_000, 1));
  linkSync(at('links', 'first'), at('links', 'second'));
  mkdirSync(at('links', 'deeper'));
  linkSync(at('links', 'first'), at('links', 'deeper', 'third'));
  symlinkSync('nowhere/at all', at('links', 'dangling'));
  symlinkSync(Buffer.from([0x2f, 0xff, 0xfe, 0x41]), at('links', 'not-utf8'));
  symlinkSync('../empty', at('links', 'to-folder'));
  posix.makeFifo(at('links', 'pipe'), 0o640);
  makeSparse(at('sparse'));
  writeFileSync(at('big'), noise(options.bigFileBytes ?? 20_000_000, 2));
  writeFileSync(at('several-chunks'), Buffer.concat([noise(3_000_000, 3), noise(3_000_000, 3)]));
  writeFileSync(at('attributes'), 'has attributes');
  posix.setAttribute(at('attributes'), Buffer.from('user.plain'), Buffer.from('value'));
  posix.setAttribute(at('attributes'), Buffer.from('user.binary'), Buffer.from([0, 255, 10, 0]));
  posix.setAttribute(at('attributes'), Buffer.from('user.long'), noise(2000, 4));
  posix.setAttribute(at('empty'), Buffer.from('user.folder'), Buffer.from('folders have them too'));
  if (options.asRoot ?? getuid?.() === 0) makeForRoot(at, posix);
  setTimes(at, posix);
}

function makeForRoot(at: (...names: string[]) => Buffer, posix: Awaited<ReturnType<typeof loadPosix>>): void {
  writeFileSync(at('owned'), 'by somebody else');
  chownSync(at('owned'), 1234, 4321);
  writeFileSync(at('owned-setuid'), 'by somebody else');
  chownSync(at('owned-setuid'), 1234, 4321);
  chmodSync(at('owned-setuid'), 0o6755);
  try {
    posix.makeDevice(at('chardev'), 0o020600, 0x103n);
    posix.makeDevice(at('blockdev'), 0o060640, 0x700n);
  } catch {
    // Containers without the capability have no devices to restore.
  }
}

function makeSparse(path: Buffer): void {
  const file = openSync(path, 'w');
  writeSync(file, 'begin', 0);
  writeSync(file, noise(70_000, 5), 0, 70_000, 3_000_000);
  ftruncateSync(file, 9_000_001);
  closeSync(file);
}

function setTimes(at: (...names: string[]) => Buffer, posix: Awaited<ReturnType<typeof loadPosix>>) {
  const times: readonly (readonly [Buffer, bigint])[] = [
    [at('several-chunks'), 1_234_567_890_123_456_789n],
    [at('attributes'), -1_000_000_001n],
    [at('empty-file'), 1n],
    [at('links', 'dangling'), 981_173_106_000_000_007n],
    [at('links', 'pipe'), 981_173_106_100_000_000n],
    [at('empty', 'nested'), -86_400_000_000_000n],
    [at('links', 'deeper'), 1_600_000_000_999_999_999n],
    [at('links'), 1_600_000_000_000_000_001n],
    [at('empty'), 4_102_444_800_000_000_000n],
    [at(), 1_500_000_000_500_000_000n],
  ];
  for (const [path, time] of times) posix.setTimes(path, fileTimes(time, time));
}
