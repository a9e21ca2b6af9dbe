/**
 * Does what is missing before `npm start` and `npm test`: installs the dependencies, builds.
 * Knows what is missing by comparing digests, so a second start costs a fraction of a second.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = ['core', 'hardware', 'device', 'gateway', 'cloud', 'cli'];
const settings = ['package-lock.json', 'tsconfig.base.json', 'tsconfig.json', 'vite.config.ts'];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Gatehouse needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
}

const lockDigest = digestOf([join(root, 'package-lock.json')]);
step(
  'node_modules/.gatehouse-setup',
  lockDigest,
  'Installing the dependencies (a minute or two, once)',
  () => {
    // --include=optional: native parts that cannot be built here are left out, the rest goes on.
    run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']);
  },
);
step('dist/.gatehouse-setup', digestOf(sourceFiles()), 'Building', () =>
  // Without the tests' types, which know packages that are not there on every machine.
  run('npm', ['run', '--silent', 'build:programs']),
);

/** Runs `work` unless `stampPath` says that it was done for this very state. */
function step(stampPath, digest, title, work) {
  const stamp = join(root, stampPath);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  process.stderr.write(`${title} ...\n`);
  work();
  mkdirSync(join(stamp, '..'), { recursive: true });
  writeFileSync(stamp, digest);
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) fail(`Cannot run ${command}: ${result.error.message}. Is npm installed?`);
  if (result.status !== 0) fail(`"${command} ${args.join(' ')}" failed; what it said stands above.`);
}

function sourceFiles() {
  const files = settings.map((name) => join(root, name));
  for (const folder of sources) {
    for (const name of readdirSync(join(root, folder), { recursive: true })) {
      const filePath = join(root, folder, String(name));
      if (statSync(filePath).isFile()) files.push(filePath);
    }
  }
  return files.sort();
}

function digestOf(files) {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
