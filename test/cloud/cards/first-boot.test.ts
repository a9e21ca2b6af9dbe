import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { boardNames, readBoard } from '../../../cloud/cards/boards.js';
import { cardFiles, firstBootScript } from '../../../cloud/cards/first-boot.js';
import { systemClock } from '../../../core/clock.js';
import { parseConfig } from '../../../core/config.js';
import { silentLogger } from '../../../core/log.js';
import { formatClaimToken } from '../../../core/wire/claim-token.js';
import { agentConfig } from '../../../device/config.js';
import { openAgent } from '../../../device/main.js';
import { startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const execute = promisify(execFile);
const boards = await boardNames();

const secret = 'a-secret-of-some-length';
const someToken = formatClaimToken({ host: 'nas.local', port: 8443, caSha256: 'cd'.repeat(32), secret });

async function cardFor(board: string, claimToken = someToken) {
  const wifi = { ssid: 'Café: 5 GHz', password: 'a "quoted" pass#word', country: 'AT' };
  return {
    ...(await readBoard(board)),
    name: 'Hall_Button',
    claimToken,
    caPem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    packageSha256: 'ab'.repeat(32),
    wifi,
  };
}

/** The value that a file of the card has under `path:`, which is written as JSON. */
function writtenFile(userData: string, path: string): string {
  const lines = userData.split('\n');
  const at = lines.indexOf(`  - path: ${path}`);
  return JSON.parse(lines[at + 2]?.replace('    content: ', '') ?? '') as string;
}

test('there are the three boards, each with parts, drawing, config.txt and configuration', async () => {
  expect(boards).toEqual(['button-box', 'rover', 'sensor-node']);
  for (const board of boards) {
    const folder = new URL(`../../../hardware/boards/${board}/`, import.meta.url);
    expect(await readFile(new URL('parts.md', folder), 'utf8')).toContain('| part | number |');
    expect(await readFile(new URL('wiring.svg', folder), 'utf8')).toContain('</svg>');
    expect((await readBoard(board)).configText).toMatch(/^gpio=/m);
  }
});

test.each(boards)(
  'the configuration of %s works as it stands, and claims when the button is pressed',
  async (board) => {
    const { cloud, get } = await startCloud();
    const { claimToken } = await cloud.createClaimToken('from-a-card');
    const { 'user-data': userData } = cardFiles(await cardFor(board, claimToken));
    const folder = await temporaryFolder();
    const claimTokenFile = join(folder, 'claim-token');
    await writeFile(claimTokenFile, writtenFile(userData, '/etc/gatehouse/claim-token'));
    const written = JSON.parse(writtenFile(userData, '/etc/gatehouse/agent.json')) as Record<string, object>;
    const simulated = {
      gpio: { route: 'simulated' },
      i2c: { route: 'simulated' },
      dataDir: join(folder, 'agent'),
    };
    const identity = { ...written['identity'], claimTokenFile };
    const config = parseConfig(agentConfig, { ...written, ...simulated, identity }, 'the card');
    const agent = await openAgent(config, { clock: systemClock, log: silentLogger });
    onTestFinished(() => agent.close());
    const button = config.buttons[0]?.name;
    expect(agent.thing).toBeUndefined();
    if (button !== undefined) await agent.press(button);
    await agent.whenConnected();
    expect(agent.thing).toBe('from-a-card');
    await expect.poll(() => get<{ online: boolean }>('/things/from-a-card')).toMatchObject({ online: true });
  },
);

test('a board says what kind of device it makes', async () => {
  const types = await Promise.all(boards.map(async (name) => [name, (await readBoard(name)).deviceType]));
  expect(Object.fromEntries(types)).toEqual({
    'button-box': 'button',
    rover: 'sensor',
    'sensor-node': 'sensor',
  });
});

test('names, tokens and passwords of any kind stay what they are in YAML', async () => {
  const files = cardFiles(await cardFor('button-box'));
  expect(files['user-data']).toMatch(/^#cloud-config\n/);
  expect(files['user-data']).toContain('hostname: "hall-button"');
  expect(files['network-config']).toContain('"Café: 5 GHz":\n          password: "a \\"quoted\\" pass#word"');
  expect(files['meta-data']).toMatch(/^instance-id: "gatehouse-Hall_Button-abababab"\n$/);
});

test('the program comes from the backend of the claim token, whose secret opens the download', async () => {
  const card = await cardFor('button-box');
  const userData = cardFiles(card)['user-data'];
  expect(writtenFile(userData, '/etc/gatehouse/install/header')).toBe(`Authorization: Bearer ${secret}\n`);
  expect(writtenFile(userData, '/etc/gatehouse/install/ca.crt')).toBe(card.caPem);
  const script = writtenFile(userData, '/usr/local/sbin/gatehouse-first-boot');
  expect(script).toBe(firstBootScript(card));
  expect(script).toContain(`\n  https://nas.local:8443/install/${card.packageSha256}\n`);
  expect(script).not.toContain(secret);
  const claimToken = formatClaimToken({ host: 'fd00::7', port: 1, caSha256: 'cd'.repeat(32), secret });
  expect(firstBootScript({ ...card, claimToken })).toContain(' https://[fd00::7]:1/install/');
});

const cloudInit = '/usr/bin/cloud-init';
const hasCloudInit = existsSync(cloudInit);
const why = hasCloudInit ? '' : ' (skipped: the package cloud-init is not installed)';

test.skipIf(!hasCloudInit)(`user-data fits cloud-init's schema${why}`, async () => {
  const filePath = join(await temporaryFolder(), 'user-data');
  for (const board of boards) {
    await writeFile(filePath, cardFiles(await cardFor(board))['user-data']);
    const { stdout } = await execute(cloudInit, ['schema', '--config-file', filePath]);
    expect(stdout).toContain('Valid');
    expect(stdout).not.toContain('deprecat');
  }
  await writeFile(filePath, '#cloud-config\nruncmd: {}\n');
  await expect(execute(cloudInit, ['schema', '--config-file', filePath])).rejects.toThrow();
});

test('the script of the first boot installs, adds to config.txt once, and hands over to systemd', async () => {
  const folder = await temporaryFolder();
  const [boot, root, bin] = [join(folder, 'boot'), join(folder, 'root'), join(folder, 'bin')];
  for (const made of [boot, bin, join(root, 'etc/gatehouse')]) await mkdir(made, { recursive: true });
  await writeFile(join(boot, 'config.txt'), 'dtparam=audio=on\n');
  await writeFile(join(root, 'etc/gatehouse/claim-token'), 'ghct1.x\n');
  await mkdir(join(folder, 'program/bin'), { recursive: true });
  await writeFile(join(folder, 'program/bin/gatehouse.mjs'), '');
  const archive = join(folder, 'gatehouse.tgz');
  await execute('tar', ['-czf', archive, '-C', join(folder, 'program'), 'bin']);
  const packageSha256 = (await execute('sha256sum', [archive])).stdout.slice(0, 64);
  const calls = join(folder, 'calls');
  const standIn = (tool: string, more: string) =>
    writeFile(join(bin, tool), `#!/bin/bash\necho "${tool} $*" >> ${calls}\n${more}`, { mode: 0o755 });
  for (const tool of ['npm', 'node', 'systemctl', 'useradd', 'chown']) await standIn(tool, '');
  const download = `while [[ $1 != --output ]]; do shift; done\ncp ${archive} "$2"\n`;
  await standIn('curl', download);
  const script = join(folder, 'first-boot');
  const env = { PATH: `${bin}:${process.env['PATH']}`, GATEHOUSE_BOOT: boot, GATEHOUSE_ROOT: root };
  await writeFile(script, firstBootScript({ ...(await cardFor('sensor-node')), packageSha256 }));
  for (const _ of ['the first time', 'again by hand']) await execute('bash', [script], { env });
  const text = await readFile(join(boot, 'config.txt'), 'utf8');
  expect(text.match(/^dtparam=i2c_arm=on$/gm)).toHaveLength(1);
  expect(text.startsWith('dtparam=audio=on\n')).toBe(true);
  const done = (await readFile(calls, 'utf8')).split('\n');
  expect(done[1]).toBe('npm ci --omit=dev --no-audit --no-fund');
  expect(done.join('\n')).toContain('node bin/gatehouse.mjs service install agent --no-now');
  expect(done).toContain('systemctl enable gatehouse-agent.service');
  await standIn('curl', `${download}echo 'tampered with' >> "$2"\n`);
  const before = done.length;
  await expect(execute('bash', [script], { env })).rejects.toThrow();
  expect((await readFile(calls, 'utf8')).split('\n')).toHaveLength(before + 1);
});
