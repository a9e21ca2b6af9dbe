/** An update that the real agent fetches from a real S3 server, whose URL runs out on the way. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { cloudMigrations } from '../../cloud/db/migrations.js';
import { openDatabase } from '../../core/db/open.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { makeBucket } from '../support/s3-client.js';
import { s3Endpoint, s3SkipReason, useS3Environment } from '../support/s3-server.js';
import { openFleet } from '../support/update-fleet.js';

const endpoint = s3Endpoint();
const skip = endpoint === undefined ? s3SkipReason : undefined;

useS3Environment();

it.skipIf(skip !== undefined)(
  `an agent whose URL has run out asks for the document again and goes on${skip ? ` (${skip})` : ''}`,
  async () => {
    const { proxy, gets } = await openServer();
    const bucket = await makeBucket();
    const artifacts = { buckets: [`s3://${bucket}`], endpoint: proxy.endpoint };
    const fleet = await openFleet({ artifacts });
    const device = await fleet.device('door');
    await fleet.publish('2.0', 'good', { bucket: `s3://${bucket}/agents`, padBytes: 200_000 });
    await fleet.startRollOut('2.0');
    await shortenUrls(fleet.dataDir);
    device.start();
    expect(await fleet.outcome('update-2-0')).toEqual({
      status: 'SUCCEEDED',
      details: { step: 'committed', version: '2.0' },
    });
    expect(await device.current()).toBe('2.0');

    const [torn, silent, refused, renewed, ...more] = gets;
    expect([torn, silent, refused, renewed].map((get) => get?.status)).toEqual([200, undefined, 403, 206]);
    expect(refused?.url).toBe(torn?.url);
    expect(renewed?.url).not.toBe(torn?.url);
    expect(renewed?.range).toMatch(/^bytes=[1-9]\d+-$/);
    expect(renewed?.range).toBe(refused?.range);
    expect(more).toEqual([]);
  },
);

interface Get {
  readonly url: string;
  readonly range: string | undefined;
  status?: number;
}

/** Before the real server: the first download is torn, the second hears nothing until its URL has run out. */
async function openServer() {
  const proxy = await FaultProxy.open(endpoint ?? '', { seed: 3, rate: 0, stallMs: 7_000 });
  onTestFinished(() => proxy.close());
  const gets: Get[] = [];
  proxy.onAnswer = ({ method, url = '' }, status) => {
    const get = gets.findLast((each) => each.url === url);
    if (method === 'GET' && get !== undefined) get.status = status;
  };
  proxy.onRequest = (_nth, { method, url = '', headers }) => {
    if (method !== 'GET') return;
    gets.push({ url, range: headers.range });
    proxy.rate = gets.length <= 2 ? 1 : 0;
    proxy.kinds = gets.length === 1 ? ['truncate-response'] : ['stall'];
  };
  return { proxy, gets };
}

/** To five seconds: a minute is the shortest that the API takes. */
async function shortenUrls(dataDir: string): Promise<void> {
  const database = await openDatabase({ filePath: join(dataDir, 'cloud.db') }, cloudMigrations);
  await database.run('UPDATE job SET url_seconds = 5');
  await database.close();
}
