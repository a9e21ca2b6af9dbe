/** Resident memory of the three programs after ten minutes idle with one sensor a second (`npm run bench memory`). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const entryPoint = fileURLToPath(new URL('../bin/gatehouse.mjs', import.meta.url));
const minutes = Number(process.env.GATEHOUSE_BENCH_MINUTES ?? 10);

export async function memoryBench() {
  const data = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const ports = ['--http-port', '0', '--mqtt-port', '0', '--provisioning-port', '0'];
  const up = spawn(process.execPath, [entryPoint, 'up', '--json', '--data', data, ...ports], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    await once(up.stdout, 'data');
    up.stdout.resume();
    await pause(minutes * 60_000);
    const bare = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' });
    await pause(1000);
    const base = resident(bare.pid);
    bare.kill();
    process.stdout.write(`bare Node ${process.versions.node}: ${mb(base)} resident\n`);
    for (const name of ['agent', 'cloud', 'gateway']) {
      const bytes = resident(pidWith(join(data, 'config', `${name}.json`)));
      process.stdout.write(
        `${name} after ${minutes} min idle: ${mb(bytes)} resident, ${(bytes / base).toFixed(2)} times bare Node\n`,
      );
    }
  } finally {
    up.kill('SIGTERM');
    await once(up, 'exit');
    rmSync(data, { recursive: true, force: true });
  }
}

const mb = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;

function resident(pid) {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

function pidWith(text) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    });
}
