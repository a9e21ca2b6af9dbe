/** Placeholders of AWS IoT in job documents, through a whole backend. Presigning needs no server. */
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../../core/json.js';
import type { JobView } from '../../../core/wire/jobs.js';
import { until } from '../../support/cloud-database.js';
import { connectDevice, startCloud } from '../../support/cloud-fixture.js';

beforeAll(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterAll(() => vi.unstubAllEnvs());

const v2 = (target: string) => `\${aws:iot:s3-presigned-url-v2:${target}}`;
const firmware = v2('https://s3.eu-central-1.amazonaws.com/fleet/a/firmware%201.bin');
const document = {
  operation: 'flash',
  files: [{ url: firmware }, { url: firmware }],
  command: `curl -o notes '\${aws:iot:s3-presigned-url:fleet/a/notes.txt}'`,
};
const artifacts = { buckets: ['s3://fleet/a'], endpoint: 'http://127.0.0.1:9', region: 'home' };

/** What a device hears below `jobs/`, newest of each kind, and a way to ask. */
async function listen(device: MqttClient, thing: string) {
  const told: Record<string, JsonObject> = {};
  device.on('message', (topic, payload) => {
    told[topic.replace(`$aws/things/${thing}/jobs/`, '')] = JSON.parse(payload.toString('utf8'));
  });
  await device.subscribeAsync(`$aws/things/${thing}/jobs/#`, { qos: 1 });
  return {
    told: told as Readonly<Record<string, JsonObject | undefined>>,
    async ask(operation: string, body: object = {}, answer = 'accepted') {
      const key = `${operation}/${answer}`;
      delete told[key];
      await device.publishAsync(`$aws/things/${thing}/jobs/${operation}`, JSON.stringify(body), { qos: 1 });
      await until(() => told[key] !== undefined, key);
      return told[key] as JsonObject;
    },
  };
}

/** The document as it would be after presigning, and how each URL was signed. */
function signingOf(jobDocument: unknown) {
  const { files, command } = jobDocument as typeof document;
  return [...files.map(({ url }) => url), /'(.*)'/.exec(command)?.[1] ?? ''].map((text) => {
    const { origin, pathname, searchParams } = new URL(text);
    const [id, , region] = searchParams.get('X-Amz-Credential')?.split('/') ?? [];
    return [origin + pathname, id, region, searchParams.get('X-Amz-Expires')];
  });
}

it('a device gets a presigned URL in place of each, in every topic that carries the document', async () => {
  const { cloud, call, get } = await startCloud({ artifacts });
  const { told, ask } = await listen(await connectDevice(cloud, 'door'), 'door');
  const job = { id: 'flash', targets: ['door'], document, presignedUrlSeconds: 120 };
  expect((await call('POST', '/jobs', job)).status).toBe(201);
  const wanted = [
    ['http://127.0.0.1:9/fleet/a/firmware%201.bin', 'an-id', 'home', '120'],
    ['http://127.0.0.1:9/fleet/a/firmware%201.bin', 'an-id', 'home', '120'],
    ['http://127.0.0.1:9/fleet/a/notes.txt', 'an-id', 'home', '120'],
  ];
  const documentOf = (answer: JsonObject | undefined) =>
    (answer?.['execution'] as JsonObject | undefined)?.['jobDocument'];
  await until(() => told['notify-next'] !== undefined, 'notify-next');
  expect(signingOf(documentOf(told['notify-next']))).toEqual(wanted);
  expect(signingOf(documentOf(await ask('start-next')))).toEqual(wanted);
  expect(signingOf(documentOf(await ask('flash/get')))).toEqual(wanted);
  expect(signingOf(documentOf(await ask('$next/get')))).toEqual(wanted);
  const report = { status: 'IN_PROGRESS', includeJobDocument: true };
  expect(signingOf((await ask('flash/update', report))['jobDocument'])).toEqual(wanted);
  // Who made it sees what was made: a URL in a page or a log would be a way in.
  expect(await get<JobView>('/jobs/flash')).toMatchObject({ document, presignedUrlSeconds: 120 });
});

it('on AWS the URL names the region of the placeholder, and the hour is the default', async () => {
  const { cloud, call } = await startCloud({ artifacts: { buckets: ['s3://fleet'], region: 'us-east-1' } });
  const { ask } = await listen(await connectDevice(cloud, 'door'), 'door');
  await call('POST', '/jobs', { id: 'flash', targets: ['door'], document });
  const { jobDocument } = (await ask('start-next'))['execution'] as { jobDocument: unknown };
  const place = 'https://fleet.s3.eu-central-1.amazonaws.com/a/firmware%201.bin';
  expect(signingOf(jobDocument)).toEqual([
    [place, 'an-id', 'eu-central-1', '3600'],
    [place, 'an-id', 'eu-central-1', '3600'],
    ['https://fleet.s3.us-east-1.amazonaws.com/a/notes.txt', 'an-id', 'us-east-1', '3600'],
  ]);
});

it('a job is refused whose placeholder is malformed, is elsewhere, or cannot be signed', async () => {
  const { cloud, call, get } = await startCloud({ artifacts });
  await cloud.createClaimToken('door');
  const create = async (url: string, more: object = {}) => {
    const files = [{ url: 'https://example.com' }, { url }];
    const body = { id: 'flash', targets: ['door'], document: { files }, ...more };
    const response = await call('POST', '/jobs', body);
    const { error } = (await response.json()) as { error?: { code: string; message: string } };
    return [response.status, error?.code, error?.message];
  };
  expect(await create(v2('https://example.com/fleet/a/x'))).toEqual([
    400,
    'JOB_DOCUMENT_INVALID',
    expect.stringMatching(/^The placeholder at "files\[1\].url" .* "example.com" is no host of S3/),
  ]);
  const placeOf = (key: string) => v2(`https://s3.eu-central-1.amazonaws.com/${key}`);
  for (const key of ['fleet/other', 'fleet/a', 'fleet/ab/x', 'backups/a/x']) {
    const [status, code] = await create(placeOf(key));
    expect([key, status, code]).toEqual([key, 409, 'BUCKET_NOT_LISTED']);
  }
  const many = Array.from({ length: 51 }, (_, at) => placeOf(`fleet/a/${at}`)).join(' ');
  expect(await create(many)).toEqual([400, 'JOB_DOCUMENT_INVALID', expect.stringContaining('than 50')]);
  for (const presignedUrlSeconds of [59, 3_601]) {
    const [status, , message] = await create(placeOf('fleet/a/x'), { presignedUrlSeconds });
    expect([status, message]).toEqual([400, expect.stringContaining('presignedUrlSeconds')]);
  }
  expect(await get('/jobs')).toEqual([]);
});

it('without keys no job is made, and of one that is there a device is told to ask again later', async () => {
  for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) vi.stubEnv(name, '/nonexistent');
  const before = await startCloud({ artifacts });
  await before.cloud.createClaimToken('door');
  const job = (id: string) => ({ id, targets: ['door'], document });
  for (const id of ['first', 'second'])
    expect((await before.call('POST', '/jobs', job(id))).status).toBe(201);
  await before.cloud.close();

  vi.stubEnv('AWS_ACCESS_KEY_ID', '');
  const { cloud, call, logLines } = await startCloud({ artifacts }, join(before.dataDir, '..'));
  const refused = await call('POST', '/jobs', job('third'));
  expect([refused.status, await refused.json()]).toMatchObject([
    409,
    { error: { code: 'AWS_UNCONFIGURED' } },
  ]);
  const { ask, told } = await listen(await connectDevice(cloud, 'door'), 'door');
  const answer = await ask('start-next', { clientToken: 't' }, 'rejected');
  expect(answer).toMatchObject({ code: 'InternalError', clientToken: 't' });
  await ask('first/update', { status: 'SUCCEEDED' });
  await until(() => told['notify'] !== undefined, 'notify');
  expect(told['notify']).toMatchObject({ jobs: { QUEUED: [{ jobId: 'second' }] } });
  await until(
    () => logLines.some((line) => line.includes('device not told of its next job')),
    'the log line',
  );
  expect(told['notify-next']).toBeUndefined();

  vi.stubEnv('AWS_ACCESS_KEY_ID', 'an-id');
  const { execution } = await ask('start-next');
  expect(execution).toMatchObject({ jobId: 'second', status: 'IN_PROGRESS' });
  expect(signingOf((execution as JsonObject)['jobDocument'])).toHaveLength(3);
});
