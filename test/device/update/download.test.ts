/** Downloads from a server that turns URLs away, as S3 does with presigned ones that have run out. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../../core/clock.js';
import { download } from '../../../device/update/download.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** Pauses between attempts end at once. */
const clock: Clock = { ...systemClock, after: (_delayMs, task) => systemClock.after(0, task) };
const content = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));

/**
 * Serves `content` under `/1`, `/2` and so on. Each is good for some bytes, then its connections break
 * and it is refused; `/0` always is.
 */
async function expiringServer(goodForBytes: number) {
  const served = new Map<string, number>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const from = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const left = path === '/0' ? 0 : goodForBytes - (served.get(path) ?? 0);
    requests.push(`${path} from ${from}: ${left > 0 ? 206 : 403}`);
    if (left <= 0) return response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>');
    const part = content.subarray(from, from + left);
    served.set(path, goodForBytes - left + part.length);
    response.writeHead(206, { 'content-length': content.length - from });
    return response.write(part, () => {
      if (from + part.length === content.length) response.end();
      else response.socket?.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { requests, url: (n: number) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${n}` };
}

async function fetchWith(first: string, renewUrl: () => Promise<string>) {
  const filePath = join(await temporaryFolder(), 'artifact');
  const ended = download({
    url: first,
    renewUrl,
    filePath,
    sizeBytes: content.length,
    caPem: '',
    clock,
    signal: AbortSignal.timeout(20_000),
    onProgress: () => {},
  });
  return ended.then(
    async () => ((await readFile(filePath)).equals(content) ? 'whole' : 'another'),
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  );
}

it('a URL that runs out on the way is renewed, and the download goes on where it was', async () => {
  const server = await expiringServer(40_000);
  let renewals = 1;
  expect(await fetchWith(server.url(1), async () => server.url(++renewals))).toBe('whole');
  expect(server.requests).toEqual([
    '/1 from 0: 206',
    '/1 from 40000: 403',
    '/2 from 40000: 206',
    '/2 from 80000: 403',
    '/3 from 80000: 206',
  ]);
});

it('without a connection to the cloud it asks again later', async () => {
  const server = await expiringServer(60_000);
  let asked = 0;
  const renewUrl = async () => {
    if (++asked < 3) throw new Error('no answer');
    return server.url(2);
  };
  expect(await fetchWith(server.url(1), renewUrl)).toBe('whole');
  expect(asked).toBe(3);
});

it('a URL that nobody makes anew is refused once', async () => {
  const server = await expiringServer(60_000);
  const outcome = await fetchWith(server.url(0), async () => server.url(0));
  expect(outcome).toBe('DOWNLOAD_REFUSED: The artifact cannot be downloaded: the server answers 403.');
  expect(server.requests).toHaveLength(1);
});

it('URLs that are all refused end the download after eight', async () => {
  const server = await expiringServer(60_000);
  let asked = 0;
  const renewUrl = async () => `${server.url(0)}?${++asked}`;
  const outcome = await fetchWith(server.url(0), renewUrl);
  expect(outcome).toMatch(/^DOWNLOAD_REFUSED: /);
  expect([server.requests.length, asked]).toEqual([8, 7]);
});
