/** The README's first command as a new user types it: in a fresh copy, at a terminal, with no compiler. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { processesWith } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const execute = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

test('npm start in a fresh copy without a compiler: builds, serves, and the space bar runs the action', async () => {
  const folder = await temporaryFolder();
  const project = join(folder, 'gatehouse');
  await copyTrackedFiles(project);
  const env = {
    ...process.env,
    HOME: folder,
    PATH: `${await withoutCompiler(folder)}:${process.env['PATH']}`,
    CI: '',
  };
  const terminal = openTerminal(
    'npm start -- --http-port 0 --mqtt-port 0 --provisioning-port 0',
    project,
    env,
  );

  await terminal.sees(/Gatehouse is up/, 400_000);
  await terminal.sees(/Dashboard: .*http:\/\/127\.0\.0\.1:\d+\/login\?token=/, 30_000);
  terminal.types(' ');
  await terminal.sees(/SINGLE click of button-1/, 60_000);
  await terminal.sees(/hello ran/, 60_000);
  terminal.types('d');
  await terminal.sees(/DOUBLE click of button-1/, 60_000);
  terminal.types('l');
  await terminal.sees(/LONG {3}click of button-1/, 60_000);
  expect(terminal.text()).not.toMatch(/deprecat|warning/i);

  const { stdout } = await execute(process.execPath, ['bin/gatehouse.mjs', 'doctor', '--json'], {
    cwd: project,
    env,
  }).catch((error: { stdout: string }) => error);
  expect(stdout).toMatch(/"id":"package.sqlite3","title":"Package sqlite3","status":"missing"/);

  terminal.types('q');
  await terminal.sees(/All stopped/, 30_000);
  expect(await terminal.exitCode).toBe(0);
  expect(processesWith(project)).toEqual([]);
});

async function copyTrackedFiles(target: string): Promise<void> {
  const { stdout } = await execute('git', ['ls-files', '-z'], { cwd: root, maxBuffer: 16e6 });
  for (const name of stdout.split('\0').filter(Boolean)) {
    await mkdir(dirname(join(target, name)), { recursive: true });
    await cp(join(root, name), join(target, name));
  }
}

/** A folder for the front of PATH in which every compiler fails as if it were not there. */
async function withoutCompiler(folder: string): Promise<string> {
  const bin = join(folder, 'no-compiler');
  await mkdir(bin);
  for (const tool of ['make', 'cc', 'gcc', 'c++', 'g++', 'clang', 'clang++', 'cmake']) {
    const filePath = join(bin, tool);
    await writeFile(filePath, '#!/bin/sh\necho "$0: not found" >&2\nexit 127\n');
    await chmod(filePath, 0o755);
  }
  return bin;
}

/** A command at a real pseudo-terminal, through script(1). */
function openTerminal(command: string, cwd: string, env: NodeJS.ProcessEnv) {
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    cwd,
    env,
  });
  let text = '';
  const waiters = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (const wake of waiters) wake();
  });
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  return {
    exitCode,
    text: () => text,
    types: (keys: string) => child.stdin.write(keys),
    sees: (pattern: RegExp, limitMs: number) =>
      new Promise<void>((resolve, reject) => {
        const fail = (why: string) => reject(new Error(`${why} while waiting for ${pattern}:\n${text}`));
        const timer = setTimeout(() => fail('time is up'), limitMs);
        const look = () => {
          if (!pattern.test(text)) return;
          clearTimeout(timer);
          waiters.delete(look);
          resolve();
        };
        void exitCode.then(() => fail('it ended'));
        waiters.add(look);
        look();
      }),
  };
}
