/** Inputs and expected chunks of the reference chunker; see FORMAT.md for what they pin down. */
import { createCipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const knownPolynomial = 0x3da3358b4dc173n;

export interface ExpectedChunk {
  readonly sizeBytes: number;
  readonly digest: bigint;
  readonly sha256: string;
}

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), 'utf8');

export function expectedChunks(name: string): ExpectedChunk[] {
  return fixture(name)
    .trim()
    .split('\n')
    .map((line) => {
      const [size = '', digest = '', sha256 = ''] = line.trim().split(/\s+/);
      return { sizeBytes: Number(size), digest: BigInt(`0x${digest}`), sha256 };
    });
}

/** The AES-256-CTR key stream of the zero key and zero counter. */
export function keyStream(sizeBytes: number): Buffer {
  return createCipheriv('aes-256-ctr', Buffer.alloc(32), Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}

/** Outputs of Go's math/rand seeded with 23: an additive lagged Fibonacci generator (607, 273). */
export function goRandomBytes(sizeBytes: number): Buffer {
  const words = fixture('go-math-rand-seed-23').trim().split(/\s+/);
  const high = Uint32Array.from(words, (word) => Number.parseInt(word.slice(0, 8), 16));
  const low = Uint32Array.from(words, (word) => Number.parseInt(word.slice(8), 16));
  const output = Buffer.allocUnsafe(sizeBytes);
  let tap = 0;
  let feed = 334;
  for (let at = 0; at < sizeBytes; at += 4) {
    tap = tap === 0 ? 606 : tap - 1;
    feed = feed === 0 ? 606 : feed - 1;
    const sum = low[feed]! + low[tap]!;
    low[feed] = sum;
    high[feed] = high[feed]! + high[tap]! + (sum > 0xffffffff ? 1 : 0);
    output.writeUInt32LE(((high[feed]! << 1) | (low[feed]! >>> 31)) >>> 0, at);
  }
  return output;
}
