/** cp, ls and rm through the command line, on folders and on a real S3 server. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { S3Bucket } from '../../gateway/bucket/s3.js';
import { gatehouse } from '../support/gatehouse-cli.js';
import {
  freshBucketName,
  s3Endpoint,
  s3Environment,
  s3SkipReason,
  useS3Environment,
} from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : undefined;
const env = {
  ...s3Environment,
  AWS_ENDPOINT_URL: endpoint ?? '',
  AWS_REGION: 'us-east-1',
};

useS3Environment();

async function folderWith(files: Record<string, string | Buffer>): Promise<string> {
  const top = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(top, name, '..'), { recursive: true });
    await writeFile(join(top, name), content);
  }
  return top;
}

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('cp and rm on folders', () => {
  test('copy a folder, leave what is there, and leave nothing of their own behind', async () => {
    const top = await folderWith({ 'a/one': '1', 'a/b/two': '2', 'to/a/one': 'kept' });
    const target = join(top, 'to');
    const done = await gatehouse(['cp', '-r', '-n', join(top, 'a'), target, '--json']);
    expect(done.code, done.stderr).toBe(0);
    expect(lines(done.stdout).at(-1)).toMatchObject({ copied: 1, skipped: 1, failed: 0, total_bytes: 1 });
    expect(await readFile(join(target, 'a/one'), 'utf8')).toBe('kept');
    expect(await readFile(join(target, 'a/b/two'), 'utf8')).toBe('2');
    expect((await readdir(top)).sort()).toEqual(['a', 'to']);
    expect(await readdir(target)).toEqual(['a']);
  });

  test('refuse what is ambiguous or missing with a sentence', async () => {
    const top = await folderWith({ 'a/x': '1', 'b/x': '2', 'to/y': '' });
    const wrong: [string[], string, number][] = [
      [['cp', join(top, 'a'), join(top, 'to')], 'IS_FOLDER', 2],
      [['cp', join(top, 'nothing'), join(top, 'to')], 'NOTHING_MATCHES', 1],
      [['cp', join(top, '**/x'), join(top, 'to')], 'COPY_COLLISION', 2],
      [['cp', join(top, 'a/x'), join(top, 'a/')], 'COPY_INTO_ITSELF', 2],
      [['rm', '-r', join(top, 'a'), join(top, 'b')], 'USAGE', 2],
      [['rm', join(top, 'a')], 'IS_FOLDER', 2],
    ];
    for (const [args, code, exit] of wrong) {
      const result = await gatehouse(args);
      expect(result.stderr).toContain(`[${code}]`);
      expect(result.code).toBe(exit);
    }
    expect((await gatehouse(['rm', '-r', '--yes', join(top, 'a'), join(top, 'b')])).code).toBe(0);
  });
});

describe.skipIf(skip !== undefined)(`cp, ls and rm on a bucket${skip ? ` (${skip})` : ''}`, () => {
  test('carry objects there, between buckets and back, byte for byte', async () => {
    const one = `s3://${freshBucketName()}`;
    const two = `s3://${freshBucketName()}`;
    for (const url of [one, two]) {
      const bucket = await S3Bucket.open(
        { kind: 's3', bucket: url.slice(5), prefix: '' },
        { endpoint, region: 'us-east-1' },
      );
      await bucket.prepare();
      await bucket.close();
    }
    const big = randomBytes(34 * 1024 * 1024);
    const top = await folderWith({
      'in/big': big,
      'in/a/1.txt': 'one',
      'in/a/2.txt': 'two',
      'in/a/b/3.txt': 'three',
    });

    const dry = await gatehouse(['cp', '-r', '--dry-run', join(top, 'in'), `${one}/x/`, '--json'], { env });
    expect(lines(dry.stdout).at(-1)).toMatchObject({ objects: 4, dry_run: true });
    expect((await gatehouse(['ls', one], { env })).stdout).toBe('');

    expect(await gatehouse(['cp', '-r', join(top, 'in'), `${one}/x/`], { env })).toMatchObject({ code: 0 });
    const listing = await gatehouse(['ls', `${one}/x/in`], { env });
    expect(listing.stdout.trim().split('\n').sort()).toEqual([`${one}/x/in/a/`, `${one}/x/in/big`]);
    const long = await gatehouse(['ls', '--recursive', `${one}/x/**.txt`, '--json'], { env });
    expect(lines(long.stdout).map(({ url, size }) => [url, size])).toEqual([
      [`${one}/x/in/a/1.txt`, 3],
      [`${one}/x/in/a/2.txt`, 3],
      [`${one}/x/in/a/b/3.txt`, 5],
    ]);

    const between = await gatehouse(['cp', '-r', `${one}/x/in`, two, '--json'], { env });
    expect(between.code, between.stderr).toBe(0);
    expect(lines(between.stdout).filter(({ proof }) => proof === 'server')).toHaveLength(4);

    expect(await gatehouse(['cp', '-r', `${two}/in`, join(top, 'out')], { env })).toMatchObject({ code: 0 });
    expect(Buffer.compare(await readFile(join(top, 'out/big')), big)).toBe(0);
    expect(await readFile(join(top, 'out/a/b/3.txt'), 'utf8')).toBe('three');

    const asked = await gatehouse(['rm', `${two}/in/a/*.txt`], { env });
    expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    expect(await gatehouse(['rm', '--yes', `${two}/in/a/*.txt`], { env })).toMatchObject({
      code: 0,
      stdout: 'Removed 2 objects\n',
    });
    const left = await gatehouse(['ls', '--recursive', two], { env });
    expect(left.stdout.trim().split('\n').sort()).toEqual([`${two}/in/a/b/3.txt`, `${two}/in/big`]);
    const uploads = await gatehouse(['rm', '--incomplete-uploads', '--dry-run', two, '--json'], { env });
    expect(lines(uploads.stdout)).toEqual([
      { message_type: 'summary', objects: 0, total_bytes: 0, dry_run: true },
    ]);
  }, 60_000);
});
