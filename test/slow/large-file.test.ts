import { spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { entryPoint, gatehouse } from '../support/gatehouse-cli.js';
import { memoryOf } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const gib = 1024 ** 3;
const mib = 1024 ** 2;
const password = { GATEHOUSE_PASSWORD: 'correct horse battery staple' };

test('1 GiB goes into a repository in under 200 MB of memory, and comes back equal', async () => {
  const folder = await temporaryFolder();
  const source = join(folder, 'source');
  const repository = join(folder, 'repository');
  await mkdir(source);
  await writeRandomFile(join(source, 'large.bin'), gib);
  const env = { ...process.env, ...password };
  expect(await gatehouse(['init', '-r', repository], { env })).toMatchObject({ code: 0 });

  const backup = await peakMemory(['backup', '-r', repository, source], env);
  const restore = await peakMemory(
    ['restore', 'latest', '-r', repository, '--target', join(folder, 'out')],
    env,
  );

  console.log(`peak memory: backup ${Math.round(backup / 1e6)} MB, restore ${Math.round(restore / 1e6)} MB`);
  expect(backup).toBeLessThan(200e6);
  expect(await digest(join(folder, 'out', source, 'large.bin'))).toBe(
    await digest(join(source, 'large.bin')),
  );
});

/** Peak resident memory in bytes of a command that must succeed. */
async function peakMemory(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [entryPoint, ...args], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      peak = Math.max(peak, memoryOf(child.pid!, 'VmHWM'));
    } catch {
      // It has just ended.
    }
  }, 20);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  expect(code).toBe(0);
  expect(peak).toBeGreaterThan(0);
  return peak;
}

async function writeRandomFile(filePath: string, sizeBytes: number): Promise<void> {
  const stream = createCipheriv('aes-256-ctr', Buffer.alloc(32, 7), Buffer.alloc(16));
  const zeros = Buffer.alloc(mib);
  const parts = Readable.from(
    (function* () {
      for (let written = 0; written < sizeBytes; written += mib) yield stream.update(zeros);
    })(),
  );
  await pipeline(parts, createWriteStream(filePath));
}

async function digest(filePath: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(filePath), hash);
  return hash.digest('hex');
}
