/**
 * From a card to a device that is online, in processes of their own and without root: the script of the
 * first boot gets the program from the backend by curl, installs it into a fresh folder, and the agent
 * that systemd would start claims. Stand-ins: npm (the packages of this checkout), systemctl, useradd, chown.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { programFolder } from '../../cloud/cards/boards.js';
import type { ThingView } from '../../core/wire/api.js';
import type { CardView } from '../../core/wire/cards.js';
import { startCloud } from '../support/cloud-fixture.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const execute = promisify(execFile);

it('a fresh folder installs from the backend, and the agent in it claims itself', async () => {
  const { call, get } = await startCloud();
  // A rover, as that has no button to wait for.
  const response = await call('POST', '/cards', { name: 'buggy', board: 'rover' });
  expect(response.status).toBe(201);
  const { files } = (await response.json()) as CardView;
  const folder = await temporaryFolder();
  const root = join(folder, 'root');
  await writeFilesOf(files['user-data'], root);
  const boot = join(folder, 'boot');
  await mkdir(boot);
  await writeFile(join(boot, 'config.txt'), '');
  await mkdir(join(root, 'etc/systemd/system'), { recursive: true });
  const bin = await standIns(folder);
  await execute('bash', [join(root, 'usr/local/sbin/gatehouse-first-boot')], {
    env: { PATH: `${bin}:${process.env['PATH']}`, GATEHOUSE_ROOT: root, GATEHOUSE_BOOT: boot },
  });
  expect(existsSync(join(root, 'var/lib/gatehouse/first-boot-done'))).toBe(true);

  const unit = await readFile(join(root, 'etc/systemd/system/gatehouse-agent.service'), 'utf8');
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  expect(command).toContain(join(root, 'opt/gatehouse/bin/gatehouse.mjs'));
  const configFile = join(root, 'etc/gatehouse/agent.json');
  expect(command).toContain(configFile);
  await moveBelow(root, configFile);
  const [program = '', ...args] = command.split(' ');
  const agent = spawn(program, args, { stdio: 'ignore' });
  onTestFinished(async () => {
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    await ended;
  });
  await expect
    .poll(() => get<ThingView>('/things/buggy'), { timeout: 30_000 })
    .toMatchObject({ online: true, certificates: [{ status: 'ACTIVE' }] });
}, 120_000);

/** As cloud-init's module write_files does, below a root of ours. */
async function writeFilesOf(userData: string, root: string): Promise<void> {
  const entry = /^ {2}- path: (\S+)\n {4}permissions: "(\d+)"\n {4}content: (".*")$/gm;
  for (const [, path = '', mode = '', content = ''] of userData.matchAll(entry)) {
    const filePath = join(root, path);
    await mkdir(dirname(filePath), { recursive: true });
    await writeFile(filePath, JSON.parse(content) as string, { mode: Number.parseInt(mode, 8) });
  }
}

async function standIns(folder: string): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const tool = (name: string, does: string) =>
    writeFile(join(bin, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
  await tool('npm', `ln -s ${join(programFolder, 'node_modules')} node_modules`);
  for (const name of ['systemctl', 'useradd', 'chown']) await tool(name, 'exit 0');
  return bin;
}

/** The configuration names folders of a whole machine, and lines that are not here. */
async function moveBelow(root: string, configFile: string): Promise<void> {
  const config = JSON.parse(await readFile(configFile, 'utf8')) as {
    dataDir: string;
    identity: { claimTokenFile: string };
  };
  const { dataDir, identity } = config;
  const moved = {
    ...config,
    dataDir: join(root, dataDir),
    identity: { ...identity, claimTokenFile: join(root, identity.claimTokenFile) },
    gpio: { route: 'simulated' },
    i2c: { route: 'simulated' },
  };
  await writeFile(configFile, JSON.stringify(moved));
}
