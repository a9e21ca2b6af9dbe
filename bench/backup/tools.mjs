/**
 * The peers of the backup bench, each as the commands that do the same step. A tool that is not
 * installed is left out and said so. Every tool gets one folder for its repository and its caches.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entryPoint = fileURLToPath(new URL('../../bin/gatehouse.mjs', import.meta.url));
const password = 'correct horse battery staple';

/** restic's verbs are ours and rustic's too; `flags` come before the verb. */
function resticLike(command, flags, forced, env) {
  const call = (place, args) => [command, [...flags, ...args, '-r', join(place, 'repository')]];
  const run =
    (...args) =>
    (place) =>
      call(place, args);
  const on =
    (...args) =>
    (place, source) =>
      call(place, [...args, source]);
  return {
    env: (place) => ({ ...env, XDG_CACHE_HOME: join(place, 'cache'), TMPDIR: place }),
    init: run('init'),
    backup: on('backup'),
    force: on('backup', forced),
    restore: (place, _source, target) => run('restore', 'latest', '--target', target)(place),
    check: run('check', '--read-data'),
  };
}

const all = {
  gatehouse: {
    version: [process.execPath, [entryPoint, '--version']],
    ...resticLike(process.execPath, [entryPoint, '--quiet'], '--force', { GATEHOUSE_PASSWORD: password }),
  },
  restic: {
    version: ['restic', ['version']],
    ...resticLike('restic', ['--quiet'], '--force', { RESTIC_PASSWORD: password }),
  },
  rustic: {
    version: ['rustic', ['--version']],
    ...resticLike('rustic', ['--no-progress'], '--force', { RUSTIC_PASSWORD: password }),
  },
  borg: {
    version: ['borg', ['--version']],
    env: (place) => ({ BORG_PASSPHRASE: password, BORG_BASE_DIR: join(place, 'cache') }),
    init: (place) => ['borg', ['init', '--encryption=repokey', join(place, 'repository')]],
    backup: (place, source) => ['borg', [...borgCreate, `${join(place, 'repository')}::{now:%s%f}`, source]],
    force: (place, source) => [
      'borg',
      [...borgCreate, '--files-cache=disabled', `${join(place, 'repository')}::{now:%s%f}`, source],
    ],
    restore: (place, _source, target) => [
      'sh',
      [
        '-c',
        'cd "$2" && last=$(borg list --short --last 1 "$1") && exec borg extract "$1::$last"',
        'sh',
        join(place, 'repository'),
        target,
      ],
    ],
    check: (place) => ['borg', ['check', '--verify-data', join(place, 'repository')]],
  },
  kopia: {
    version: ['kopia', ['--version']],
    env: (place) => ({
      KOPIA_PASSWORD: password,
      KOPIA_CONFIG_PATH: join(place, 'cache', 'kopia.json'),
      KOPIA_CACHE_DIRECTORY: join(place, 'cache'),
      KOPIA_CHECK_FOR_UPDATES: 'false',
    }),
    init: (place) => ['kopia', ['repository', 'create', 'filesystem', '--path', join(place, 'repository')]],
    backup: (_place, source) => ['kopia', ['snapshot', 'create', source]],
    force: (_place, source) => ['kopia', ['snapshot', 'create', '--force-hash=100', source]],
    restore: (_place, source, target) => ['kopia', ['snapshot', 'restore', source, target]],
    check: () => ['kopia', ['snapshot', 'verify', '--verify-files-percent=100']],
  },
};

/** As restic's default, zstd level 3. */
const borgCreate = ['create', '--compression', 'zstd,3'];

/** Tools that run here, by name, with their versions; ours first. `GATEHOUSE_BENCH_TOOLS` names some. */
export function installedTools() {
  const found = [];
  const wanted = process.env.GATEHOUSE_BENCH_TOOLS?.split(',');
  for (const [name, tool] of Object.entries(all)) {
    if (wanted?.includes(name) === false) continue;
    const said = spawnSync(...tool.version, { encoding: 'utf8' });
    if (said.status === 0) found.push({ ...tool, name, version: said.stdout.trim().split('\n')[0] });
    else process.stdout.write(`without ${name}: it is not installed\n`);
  }
  return found;
}
