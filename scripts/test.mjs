/**
 * Runs the test suites and ends with one line that counts tests.
 *   node scripts/test.mjs            the quick suite
 *   node scripts/test.mjs slow       the slow one (crashes, large files, a whole run by the README)
 *   node scripts/test.mjs pi         the one for a virtual Raspberry Pi (by way of scripts/virtual-pi.sh)
 * With GATEHOUSE_NO_SKIPS=1 (as in CI), a test that was skipped for want of a tool is a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Skips that no installed package can turn into a run on this version of Node. */
const unavoidable =
  Number(process.versions.node.split('.')[0]) < 22
    ? [/node:sqlite/, /this Node has no zstd/]
    : [/a driver that is asked for by name and missing is refused/];

const suite = ['slow', 'pi'].find((name) => name === process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'));
const report = join(folder, 'report.json');
const config = suite === undefined ? 'vitest.config.ts' : `vitest.${suite}.config.ts`;
const extra = process.argv.slice(suite === undefined ? 2 : 3);
const args = [
  'run',
  '--config',
  config,
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
];
const run = spawnSync(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args, ...extra], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
});

const tests = readTests();
const count = (...states) => tests.filter((test) => states.includes(test.status)).length;
const skipped = tests.filter((test) => ['skipped', 'pending', 'todo'].includes(test.status));
for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`);
const unwanted = skipped.filter((test) => !unavoidable.some((pattern) => pattern.test(test.fullName)));
const strict = process.env.GATEHOUSE_NO_SKIPS === '1' && unwanted.length > 0;
if (strict) process.stdout.write(`${unwanted.length} skipped that should have run here.\n`);
for (const line of contractLines()) process.stdout.write(`${line}\n`);
process.stdout.write(`${count('passed')} passed, ${count('failed')} failed, ${skipped.length} skipped\n`);
process.exitCode = run.status !== 0 || strict || tests.length === 0 ? 1 : 0;

/** On the virtual Pi: how many tests each contract suite ran, by port and route. */
function contractLines() {
  if (suite !== 'pi') return [];
  const counts = new Map();
  for (const { fullName, status } of tests) {
    const [, port, route] = /^(\w+) contract: (.+?) on a real kernel /.exec(fullName) ?? [];
    if (port === undefined) continue;
    const key = `${port} by ${route}`;
    const { passed, failed } = counts.get(key) ?? { passed: 0, failed: 0 };
    counts.set(key, { passed: passed + (status === 'passed'), failed: failed + (status === 'failed') });
  }
  return [...counts].map(
    ([key, { passed, failed }]) => `contract ${key}: ${passed} passed, ${failed} failed`,
  );
}

function readTests() {
  try {
    return JSON.parse(readFileSync(report, 'utf8')).testResults.flatMap((file) => file.assertionResults);
  } catch {
    return [];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
