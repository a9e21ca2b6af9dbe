/**
 * Feeds every parser of the gateway with mutations of valid input. GATEHOUSE_FUZZ_SEED and
 * GATEHOUSE_FUZZ_ROUNDS repeat or lengthen a run.
 */
import { describe, expect, it } from 'vitest';
import { libraryZstd, nativeZstd, wasmZstd } from '../../gateway/repository/zstd.js';
import { Fuzz, tryOne } from '../support/fuzz.js';
import { allTrials } from '../support/fuzz-trials.js';

const seed = Number(process.env['GATEHOUSE_FUZZ_SEED'] ?? 20_261_121);
const rounds = Number(process.env['GATEHOUSE_FUZZ_ROUNDS'] ?? 3_000);

describe(`fuzzing with seed ${seed}`, async () => {
  for (const trial of await allTrials()) {
    it(`${trial.name}: a value or a named error, in time, in bounds`, async () => {
      const fuzz = new Fuzz(seed);
      const problems: string[] = [];
      for (let round = 0; round < rounds && problems.length < 3; round++) {
        const problem = await tryOne(trial, fuzz);
        if (problem !== undefined) problems.push(`round ${round}: ${problem}`);
      }
      expect(problems.join('\n\n')).toBe('');
    });
  }

  it.each(['library', 'native', 'wasm'] as const)(
    'a bursting frame stays in its bounds: %s',
    async (which) => {
      const zstd = which === 'library' ? libraryZstd() : which === 'native' ? nativeZstd() : await wasmZstd();
      if (zstd === undefined) return;
      // 20,000 blocks of one repeated byte: 80 kB for 2.5 GiB.
      const block = Buffer.of(0x02, 0x00, 0x10, 0x41);
      const frame = Buffer.concat([
        Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x50),
        ...Array.from({ length: 20_000 }, () => block),
      ]);
      const before = process.memoryUsage().rss;
      const error = await zstd.decompress(frame, 4 * 2 ** 20).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
    },
  );
});
