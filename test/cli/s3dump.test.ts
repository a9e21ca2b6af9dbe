import { expect, test } from 'vitest';
import { gatehouse } from '../support/gatehouse-cli.js';

test('s3dump says what is wrong with a command line or a key file', async () => {
  const wrong = async (...args: string[]) =>
    gatehouse(['s3dump', ...args], { env: { HOME: '/nonexistent' } });
  expect(await wrong('dmup', '/home', '0')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('"dmup"'),
  });
  expect(await wrong('dump', '/home')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('2 more words'),
  });
  expect(await wrong('-z', 'list')).toMatchObject({ code: 2 });
  expect(await wrong('list')).toMatchObject({ code: 1, stderr: expect.stringContaining('/etc/s3_keys') });
  expect((await gatehouse(['s3dump', '--help'])).stdout).toContain('restore FS LEVEL');
});
