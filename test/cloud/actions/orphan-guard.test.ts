import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../support/cloud-database.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const maker = fileURLToPath(new URL('../../support/orphan-maker.mjs', import.meta.url));

/** `Z` for one that ended and waits to be collected counts as gone. */
async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

test('a handler that loops for ever ends when the cloud is killed', async () => {
  const folder = await temporaryFolder();
  const pidFile = join(folder, 'pid');
  const handler = join(folder, 'handler.mjs');
  await writeFile(
    handler,
    `import { writeFileSync } from 'node:fs';
     export const handler = async () => { writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (;;); };`,
  );
  const cloud = spawn(process.execPath, [maker, handler], { stdio: 'ignore' });
  onTestFinished(() => void cloud.kill('SIGKILL'));
  let pid = 0;
  await until(async () => {
    pid = Number(await readFile(pidFile, 'utf8').catch(() => ''));
    return pid > 0;
  });
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone, as it should be.
    }
  });
  expect(await isRunning(pid)).toBe(true);
  cloud.kill('SIGKILL');
  await until(async () => !(await isRunning(pid)), 'the looping handler to be gone');
});
