/**
 * Known answers and speeds of what turns files into packs, for each implementation that this
 * process has. Answers: Bernstein's Poly1305-AES paper, NIST SP 800-38A F.5.5, FIPS 180-2, and the
 * reference chunker.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { Chunker } from '../chunker/chunker.js';
import { resticChunkerParameters } from '../chunker/parameters.js';
import {
  nativePrimitives,
  portablePrimitives,
  type SealingPrimitives,
} from '../repository/sealing-primitives.js';
import { libraryZstd, nativeZstd, wasmZstd, type Zstd } from '../repository/zstd.js';
import type { SelfTestStep, StepHandler } from './self-test-types.js';

const sampleBytes = 16 * 1024 * 1024;
const hex = (text: string) => Buffer.from(text, 'hex');

/** @param folder for the speed of the disk. */
export async function testMachine(clock: Clock, folder: string, tell: StepHandler): Promise<void> {
  const native = nativePrimitives();
  const zstds = { 'system library': libraryZstd(), Node: nativeZstd(), WebAssembly: await wasmZstd() };
  prove(tell, 'SHA-256', () => sha256('abc').startsWith('ba7816bf8f01cfea'));
  prove(tell, 'sealing, Node and JavaScript', () => sealsRight(portablePrimitives()));
  if (native !== undefined) prove(tell, 'sealing, OpenSSL', () => sealsRight(native));
  else
    skip(
      tell,
      'sealing, OpenSSL',
      'It cannot be called: the MAC is about ten times slower. Install the npm package "koffi".',
    );
  for (const [name, zstd] of Object.entries(zstds)) {
    if (zstd === undefined) skip(tell, `Zstandard, ${name}`, 'This machine does not have it.');
    else await proveLater(tell, `Zstandard, ${name}`, () => compressesRight(zstd));
  }
  prove(tell, 'chunker', chunksRight);
  await measureAll(clock, folder, native ?? portablePrimitives(), zstds, tell);
}

async function measureAll(
  clock: Clock,
  folder: string,
  primitives: SealingPrimitives,
  zstds: Readonly<Record<string, Zstd | undefined>>,
  tell: StepHandler,
): Promise<void> {
  const noise = randomBytes(sampleBytes);
  const text = Buffer.alloc(sampleBytes, 'All work and no play makes a dull backup. ');
  for (let at = 0; at < text.length; at += 97) text[at] = noise[at] as number;
  const [key, iv, output, mac] = [
    Buffer.alloc(32, 1),
    Buffer.alloc(16, 2),
    Buffer.alloc(sampleBytes),
    Buffer.alloc(16),
  ];
  const measure = async (name: string, work: () => unknown) => {
    const startMs = clock.monotonicMs();
    await work();
    tell({ ...speedOf(name, sampleBytes, clock.monotonicMs() - startMs) });
  };
  await measure('hash (SHA-256)', () => createHash('sha256').update(noise).digest());
  await measure('cipher (AES-256-CTR)', () => primitives.crypt(key, iv, noise, output));
  const keys = { nonceKey: key.subarray(16), multiplier: key.subarray(16) };
  await measure('MAC (Poly1305-AES)', () => primitives.authenticate(mac, keys, iv, noise));
  for (const [name, zstd] of Object.entries(zstds)) {
    if (zstd !== undefined) await measure(`compression, ${name}`, () => zstd.compress(text));
  }
  await measure('chunker', () => cutsOf(noise));
  await measure('disk, write and sync', () => writeFile(join(folder, 'speed'), noise));
}

export function speedOf(name: string, bytes: number, ms: number): SelfTestStep {
  const mbPerSecond = Math.round(bytes / Math.max(ms, 0.001) / 100) / 10;
  return { message_type: 'step', group: 'speed', name, state: 'passed', mb_per_second: mbPerSecond };
}

async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

function prove(tell: StepHandler, name: string, isRight: () => boolean): void {
  tell(answerStep(name, attempt(isRight)));
}

async function proveLater(tell: StepHandler, name: string, isRight: () => Promise<boolean>): Promise<void> {
  tell(answerStep(name, await isRight().catch(messageOf)));
}

function attempt(isRight: () => boolean): boolean | string {
  try {
    return isRight();
  } catch (error) {
    return messageOf(error);
  }
}

function answerStep(name: string, answer: boolean | string): SelfTestStep {
  const base = { message_type: 'step', group: 'machine', name } as const;
  if (answer === true) return { ...base, state: 'passed' };
  const why = typeof answer === 'string' ? ` (${answer})` : '';
  return {
    ...base,
    state: 'failed',
    note: `It gives a wrong answer${why}: do not store backups with this machine.`,
  };
}

function skip(tell: StepHandler, name: string, note: string): void {
  tell({ message_type: 'step', group: 'machine', name, state: 'skipped', note });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sealsRight(primitives: SealingPrimitives): boolean {
  const output = Buffer.alloc(16);
  const mac = Buffer.alloc(16);
  primitives.crypt(
    hex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4'),
    hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'),
    hex('6bc1bee22e409f96e93d7e117393172a'),
    output,
  );
  const keys = {
    nonceKey: hex('ec074c835580741701425b623235add6'),
    multiplier: hex('851fc40c3467ac0be05cc20404f3f700'),
  };
  primitives.authenticate(mac, keys, hex('fb447350c4e868c52ac3275cf9d4327e'), hex('f3f6'));
  return (
    output.toString('hex') === '601ec313775789a5b7a7f504bbf3d228' &&
    mac.toString('hex') === 'f4c633c3044fc145f84f335cb81953de'
  );
}

/** There and back, and one frame with a raw block, put together by hand (RFC 8878). */
async function compressesRight(zstd: Zstd): Promise<boolean> {
  const plain = Buffer.from('abc'.repeat(10_000));
  const back = await zstd.decompress(await zstd.compress(plain), plain.length);
  const raw = Buffer.concat([hex('28b52ffd2003190000'), Buffer.from('abc')]);
  return plain.equals(back) && Buffer.from(await zstd.decompress(raw, 3)).toString() === 'abc';
}

/** The key stream of AES-256-CTR with zero key and counter, cut by the reference chunker. */
function chunksRight(): boolean {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16)).update(
    Buffer.alloc(4 * 1024 * 1024),
  );
  return cutsOf(stream).slice(0, 3).join() === '547920,1719823,3023308';
}

function cutsOf(bytes: Uint8Array): number[] {
  const chunker = new Chunker(resticChunkerParameters(0x25b468838dcb75n));
  const cuts: number[] = [];
  for (let at = chunker.nextCut(bytes, 0); at >= 0; at = chunker.nextCut(bytes, at)) cuts.push(at);
  return cuts;
}
