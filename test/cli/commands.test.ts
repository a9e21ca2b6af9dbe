import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { gatehouse } from '../support/gatehouse-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const execute = promisify(execFile);

test('help teaches: what to start with, every command, the exit codes', async () => {
  const { code, stdout } = await gatehouse(['--help']);
  expect(code).toBe(0);
  for (const word of ['gatehouse up', 'doctor', 'backup', 'restore', 'device', 'Exit codes: 0 done']) {
    expect(stdout).toContain(word);
  }
});

test('an unknown command and an unknown option are usage errors with exit code 2', async () => {
  for (const args of [['nonsense'], ['backup', '--nonsense'], ['up', '--http-port', 'many']]) {
    const { code, stderr } = await gatehouse(args);
    expect(code, args.join(' ')).toBe(2);
    expect(stderr).toMatch(/^error:/m);
    expect(stderr).not.toMatch(/\n\s+at /);
  }
});

test('a command that needs a backend says how to start one', async () => {
  const data = await temporaryFolder();
  const { code, stderr } = await gatehouse(['device', 'list', '--data', data]);
  expect(code).toBe(1);
  expect(stderr).toContain('gatehouse up');
});

test('errors are JSON with --json', async () => {
  const data = await temporaryFolder();
  const { stdout } = await gatehouse(['device', 'list', '--json', '--data', data]);
  expect(JSON.parse(stdout)).toMatchObject({ message_type: 'error', code: 'NOT_RUNNING' });
});

test('hardware scan and measure work with simulated parts', async () => {
  const scan = await gatehouse(['hardware', 'scan', '--simulated']);
  expect(scan.stdout).toMatch(/0x76 {2}bme280 {4}sure/);
  expect(scan.stdout).toMatch(/w1 {4}ds18b20/);
  const measured = await gatehouse(['hardware', 'measure', 'mcp9808', '--simulated', '--json']);
  expect(JSON.parse(measured.stdout)).toEqual([
    { quantity: 'temperature', unit: 'Cel', value: expect.any(Number) },
  ]);
});

test('doctor names Node, disk, clock, GPIO, I2C and ports, each problem with a remedy', async () => {
  const data = await temporaryFolder();
  const { stdout } = await gatehouse(['doctor', '--json', '--data', data]);
  const findings = JSON.parse(stdout) as { id: string; status: string; detail: string; remedy?: string }[];
  const ids = findings.map((finding) => finding.id).join(' ');
  for (const id of ['node', 'disk', 'clock', 'gpio', 'i2c', 'port.8420', 'port.8883', 'port.8443']) {
    expect(ids).toContain(id);
  }
  for (const finding of findings.filter(({ status }) => status !== 'ok')) {
    expect(finding.remedy, finding.id).toBeTruthy();
  }
});

test('a faulty configuration is refused with every fault and its path', async () => {
  const folder = await temporaryFolder();
  const config = join(folder, 'agent.json');
  await writeFile(
    config,
    JSON.stringify({
      dataDir: folder,
      buttons: [{ name: 'b', pin: 'GPIO17', debounceMs: 'x' }],
      nonsense: 1,
    }),
  );
  const { code, stderr } = await gatehouse(['agent', 'run', '--config', config]);
  expect(code).toBe(2);
  expect(stderr).toContain('buttons.0.debounceMs');
  expect(stderr).toContain('nonsense');
});

test('service install --dry-run prints units that systemd accepts', async () => {
  const { code, stdout } = await gatehouse(['service', 'install', '--dry-run', '--json', '--user', 'root']);
  expect(code).toBe(0);
  const plan = JSON.parse(stdout) as { write: { filePath: string; text: string }[] };
  const units = plan.write.filter((file) => file.filePath.endsWith('.service'));
  expect(units).toHaveLength(3);
  const folder = await temporaryFolder();
  for (const unit of units) {
    const filePath = join(folder, unit.filePath.split('/').at(-1) ?? '');
    await writeFile(filePath, unit.text);
    const { stderr } = await execute('systemd-analyze', [
      'verify',
      '--man=no',
      '--recursive-errors=no',
      filePath,
    ]);
    expect(stderr).toBe('');
  }
});

test('service install writes the units and remove takes them away again', async () => {
  const folder = await temporaryFolder();
  const etc = join(folder, 'etc');
  const flags = ['--unit-dir', folder, '--config-dir', etc, '--no-now'];
  expect(await gatehouse(['service', 'install', 'agent', ...flags])).toMatchObject({ code: 0 });
  const unit = await readFile(join(folder, 'gatehouse-agent.service'), 'utf8');
  expect(unit).toContain('NoNewPrivileges=yes');
  expect(unit).toMatch(/^ExecStart=.* agent supervise --config /m);
  expect(JSON.parse(await readFile(join(etc, 'agent.json'), 'utf8'))).toHaveProperty('dataDir');
  expect(await gatehouse(['service', 'remove', 'agent', ...flags])).toMatchObject({ code: 0 });
  await expect(readFile(join(folder, 'gatehouse-agent.service'))).rejects.toThrow('ENOENT');
});

test('completion for bash offers commands and their flags', async () => {
  const folder = await temporaryFolder();
  const script = join(folder, 'completion.bash');
  await writeFile(script, (await gatehouse(['completion', 'bash'])).stdout);
  const complete = async (...words: string[]) => {
    const program = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _gatehouse; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await execute('bash', ['-c', program, 'bash', script, 'gatehouse', ...words]);
    return stdout.trim().split('\n');
  };
  expect(await complete('ba')).toEqual(['backup']);
  expect(await complete('device', 'p')).toEqual(['press']);
  expect(await complete('backup', '--limit-u')).toEqual(['--limit-upload']);
});
