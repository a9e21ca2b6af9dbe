import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gatehouse } from '../support/gatehouse-cli.js';
import { freshBucketName, s3Endpoint, s3Keys, s3SkipReason } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();

describe.skipIf(endpoint === undefined)(`s3dump in a bucket (${endpoint ?? s3SkipReason})`, () => {
  async function place() {
    const folder = await temporaryFolder();
    const keyFile = join(folder, 'keys');
    await writeFile(
      keyFile,
      `service s3\nregion us-east-1\nbucket_name ${freshBucketName()}\naccess_key_id ${s3Keys.accessKeyId}\nsecret_access_key ${s3Keys.secretAccessKey}\nendpoint ${endpoint}\n`,
    );
    return async (args: string[], input: string | Buffer = '') => {
      const result = await gatehouse(['s3dump', '-f', keyFile, '-h', 'nas', ...args], { input });
      return { ...result, said: result.stdout + result.stderr };
    };
  }

  test('streams in and out; the newest of a label comes back, whatever its layout', async () => {
    const run = await place();
    expect(await run(['init'])).toMatchObject({ code: 0 });
    const content = randomBytes(200_000).toString('base64');
    expect(await run(['dump', '/home', '0', '-w', '2026-01-05'], 'an older one')).toMatchObject({ code: 0 });
    expect(await run(['dump', '/home', '0', '-q'], content)).toMatchObject({ code: 0, said: '' });
    expect(await run(['restore', '/home', '0', '-q'])).toMatchObject({ code: 0, stdout: content });
    expect((await run(['retrieve', '/home', '0', '-w', '2026-01-05'])).stdout).toBe('an older one');
    for (const [number, text] of ['one ', 'two ', 'three'].entries()) {
      await run(['-k', `nas:/srv:1:2026-01-01:${number}`, 'dump'], text);
      await run(['-k', `nas:/var:1:2026-01-01/chunk_00000${number}`, 'dump'], text);
    }
    expect((await run(['restore', '/srv', '1'])).stdout).toBe('one two three');
    expect((await run(['restore', '/var', '1'])).stdout).toBe('one two three');
    await run(['-k', 'nas:/srv:1:2026-01-01:1', 'delete']);
    const incomplete = await run(['restore', '/srv', '1']);
    expect(incomplete).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('piece 1') });
    expect(await run(['restore', '/nowhere', '0'])).toMatchObject({ code: 1 });
  });

  test('plain names are the original’s; clean keeps the newest, deletes only when told', async () => {
    const run = await place();
    await run(['init']);
    for (const day of ['01', '02', '03'])
      await run(['dump', 'db', '0', '-w', `2026-01-${day}`, '--plain-names'], day);
    const listed = JSON.parse((await run(['list', '--json'])).stdout) as { dumps: { keys: string[] }[] };
    const keys = (from: typeof listed) => from.dumps.flatMap((dump) => dump.keys);
    expect(keys(listed)).toEqual(['nas:db:0:2026-01-01', 'nas:db:0:2026-01-02', 'nas:db:0:2026-01-03']);
    expect((await run(['clean', '2'])).said).toContain('would delete nas:db:0:2026-01-01');
    expect((await run(['clean', '2', '-y'])).said).toContain('deleted nas:db:0:2026-01-01');
    expect(await run(['delete', 'db', '0', '-w', '2026-01-03'])).toMatchObject({ code: 0 });
    expect(keys(JSON.parse((await run(['list', '--json'])).stdout))).toEqual(['nas:db:0:2026-01-02']);
    expect((await run(['list'])).stdout).toMatch(/1 object, about \$0\.00 a month/);
  });

  test('access control lists come and go as the server’s XML', async () => {
    const run = await place();
    await run(['init']);
    await run(['dump', 'db', '0', '-w', '2026-01-01', '--plain-names'], 'x');
    const { stdout: before } = await run(['getacl', 'db', '0', '-w', '2026-01-01']);
    expect(before).toContain('<AccessControlPolicy');
    const open = before.replace(
      '</AccessControlList>',
      '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList>',
    );
    expect(await run(['putacl', 'db', '0', '-w', '2026-01-01'], open)).toMatchObject({ code: 0 });
    expect((await run(['getacl', 'db', '0', '-w', '2026-01-01'])).stdout).toContain('AllUsers');
  });
});
