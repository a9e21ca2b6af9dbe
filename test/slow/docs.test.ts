/**
 * Every command in the documents runs: all `sh` blocks of a page, in order, in one shell; blocks
 * marked `sh s3` too where there is an S3 server, with a bucket of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { entryPoint, RunningUp } from '../support/gatehouse-cli.js';
import { freshBucketName, s3Endpoint, s3Environment } from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const endpoint = s3Endpoint();
const docs = fileURLToPath(new URL('../../docs', import.meta.url));
const pages = (await readdir(docs)).filter((name) => name.endsWith('.md'));

test.each(pages)('the commands of docs/%s', async (page) => {
  const blocks = commandsOf(await readFile(join(docs, page), 'utf8'));
  if (blocks.length === 0) return;
  const data = await temporaryFolder();
  const up = /gatehouse (device|actions|workflow) /.test(blocks.join('\n'))
    ? await RunningUp.start(data)
    : undefined;
  const bin = join(data, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'gatehouse'), `#!/bin/sh\nexec "${process.execPath}" "${entryPoint}" "$@"\n`);
  await chmod(join(bin, 'gatehouse'), 0o755);
  const script = blocks.join('\n').replaceAll('my-bucket', freshBucketName());
  const { code, output } = await runShell(script, {
    ...process.env,
    ...(endpoint === undefined ? {} : serverEnvironment(endpoint)),
    PATH: `${bin}:${process.env['PATH']}`,
    GATEHOUSE_DATA: data,
  });
  expect(code, output).toBe(0);
  await up?.stop();
});

function commandsOf(markdown: string): string[] {
  const fence = endpoint === undefined ? /^```sh\n(.*?)^```$/gms : /^```sh(?: s3)?\n(.*?)^```$/gms;
  return [...markdown.matchAll(fence)].map((match) => match[1] ?? '');
}

function serverEnvironment(server: string): NodeJS.ProcessEnv {
  return {
    ...s3Environment,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: server,
  };
}

async function runShell(script: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  const cwd = await temporaryFolder();
  const child = spawn('bash', ['-eu', '-o', 'pipefail', '-c', script], { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const [code] = await once(child, 'close');
  return { code: code as number, output };
}
