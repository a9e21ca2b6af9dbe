import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InstanceLock } from '../../core/instance-lock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Uses the compiled library. */
function holderScript(directory: string): string {
  const library = new URL('../../dist/core/instance-lock.js', import.meta.url).href;
  return `
    const { InstanceLock } = await import(${JSON.stringify(library)});
    await InstanceLock.acquire(${JSON.stringify(directory)}, 'cloud');
    process.stdout.write('held');
    setInterval(() => {}, 60_000);`;
}

/** A process of its own that holds the lock until it is killed. */
async function holderProcess(directory: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holderScript(directory)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

describe('the instance lock', () => {
  it('is held by one at a time, per directory and name', async () => {
    const directory = join(await temporaryFolder(), 'data');
    const lock = await InstanceLock.acquire(directory, 'cloud');
    await expect(InstanceLock.acquire(directory, 'cloud')).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      context: { pid: process.pid },
    });
    await (await InstanceLock.acquire(directory, 'device')).close();
    await lock.close();
    await lock.close();
    const again = await InstanceLock.acquire(directory, 'cloud');
    await lock.close();
    await expect(InstanceLock.acquire(directory, 'cloud')).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    await again.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is not taken from a living process, and is taken from a killed one', async () => {
    const directory = await temporaryFolder();
    const child = await holderProcess(directory);
    await expect(InstanceLock.acquire(directory, 'cloud')).rejects.toMatchObject({
      code: 'ALREADY_RUNNING',
      context: { pid: child.pid },
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = await InstanceLock.acquire(directory, 'cloud');
    await lock.close();
  });

  it('is taken from a killed process that nobody has waited for', async () => {
    const directory = await temporaryFolder();
    const command = [process.execPath, '--input-type=module', '-e', holderScript(directory)];
    // sleep takes the place of the shell and, unlike one, never waits for the child it inherits.
    const parent = spawn('sh', ['-c', '"$@" & echo $!; exec sleep 60', 'sh', ...command], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void parent.kill('SIGKILL'));
    let said = '';
    parent.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await expect.poll(() => said, { timeout: 5_000 }).toContain('held');
    const pid = Number.parseInt(said, 10);
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => readFile(`/proc/${pid}/stat`, 'utf8')).toContain(') Z ');
    const lock = await InstanceLock.acquire(directory, 'cloud');
    await lock.close();
  });

  it.each([
    ['of an earlier boot', (holder: object) => JSON.stringify({ ...holder, bootId: 'another' })],
    [
      'of a process whose number was given out again',
      (holder: object) => JSON.stringify({ ...holder, startTicks: '1' }),
    ],
    ['that was cut short by a power cut', () => '{"pid":'],
    ['that is empty', () => ''],
  ])('a lock %s is replaced', async (_, spoil) => {
    const directory = await temporaryFolder();
    await InstanceLock.acquire(directory, 'cloud');
    const filePath = join(directory, 'cloud.lock');
    const holder = JSON.parse(await readFile(filePath, 'utf8')) as object;
    await writeFile(filePath, spoil(holder));
    const lock = await InstanceLock.acquire(directory, 'cloud');
    expect(JSON.parse(await readFile(filePath, 'utf8'))).toEqual(holder);
    await lock.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('is replaced although the process that was replacing it was killed, too', async () => {
    const directory = await temporaryFolder();
    const dead = JSON.stringify({ pid: 1, startTicks: 'x', bootId: 'old' });
    const marker = createHash('sha256').update(dead).digest('hex').slice(0, 16);
    await writeFile(join(directory, 'cloud.lock'), dead);
    await writeFile(join(directory, `cloud.lock.${marker}`), dead);
    const lock = await InstanceLock.acquire(directory, 'cloud');
    await lock.close();
    expect(await readdir(directory)).toEqual([]);
  });

  it('goes to exactly one of several processes that find a dead one at the same moment', async () => {
    const library = new URL('../../dist/core/instance-lock.js', import.meta.url).href;
    // Each child takes one directory per line of input, so that all of them try at once, many times.
    const script = `
      const { InstanceLock } = await import(${JSON.stringify(library)});
      const { createInterface } = await import('node:readline');
      console.log('ready');
      for await (const directory of createInterface({ input: process.stdin })) {
        try { await InstanceLock.acquire(directory, 'cloud'); console.log('held'); }
        catch (error) { console.log(error.code); }
      }`;
    const children = Array.from({ length: 4 }, () => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      return { child, line: async () => (await lines.next()).value as string };
    });
    await Promise.all(children.map(({ line }) => line()));
    const dead = JSON.stringify({ pid: 1, startTicks: 'x', bootId: 'old' });
    for (let round = 0; round < 20; round++) {
      const directory = await temporaryFolder();
      await writeFile(join(directory, 'cloud.lock'), dead);
      for (const { child } of children) child.stdin.write(`${directory}\n`);
      const said = await Promise.all(children.map(({ line }) => line()));
      expect(said.sort()).toEqual([...Array(3).fill('ALREADY_RUNNING'), 'held']);
    }
  });
});
