/** The HTTP side of 1-Click with a small signer; `test/slow/oneclick-clients.test.ts` has the stock clients. */
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type AwsCall, awsClient, type Credentials, send } from '../../support/aws-client.js';
import { type OpenedCloud, startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function makeKey(opened: OpenedCloud, body: object = { name: 'test' }): Promise<Credentials> {
  return (await (await opened.call('POST', '/keys', body)).json()) as Credentials;
}

const minutes = (count: number) => new Date(Date.now() + count * 60_000);
const invalid = [403, 'InvalidSignatureException'];
const incomplete = [400, 'IncompleteSignatureException'];

const tampered: [what: string, call: AwsCall, expected: (string | number)[]][] = [
  ['nothing', {}, [200, '']],
  ['another region', { region: 'eu-west-1' }, [200, '']],
  ['four minutes late', { date: minutes(-4) }, [200, '']],
  ['more signed headers', { extraSigned: { 'x-amz-user-agent': 'x', 'content-type': 'a  b' } }, [200, '']],
  ['six minutes late', { date: minutes(-6) }, invalid],
  ['six minutes early', { date: minutes(6) }, invalid],
  ['another service', { service: 's3' }, invalid],
  ['another query', { sentPath: '/projects?maxResults=3' }, invalid],
  ['a dot segment', { sentPath: '/projects/../projects?maxResults=2' }, invalid],
  ['an unsigned header', { tamper: (h) => ({ ...h, 'x-amz-target': 'x' }) }, invalid],
  ['another digest', { extraSigned: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, invalid],
  ['a session token', { extraSigned: { 'x-amz-security-token': 'x' } }, [403, 'UnrecognizedClientException']],
  ['no date', { tamper: (h) => ({ ...h, 'x-amz-date': undefined }) }, incomplete],
  ['another date', { tamper: (h) => ({ ...h, 'x-amz-date': '20200101T000000Z' }) }, incomplete],
  [
    'no signature',
    { tamper: (h) => ({ ...h, authorization: h['authorization']?.replace(/Signature=.*/, '') }) },
    incomplete,
  ],
  [
    'host not signed',
    { tamper: (h) => ({ ...h, authorization: h['authorization']?.replace('host;', '') }) },
    incomplete,
  ],
  [
    'no authorization',
    { tamper: (h) => ({ ...h, authorization: undefined }) },
    [403, 'MissingAuthenticationTokenException'],
  ],
];

test('a signature holds for what was signed, for five minutes, and for nothing else', async () => {
  const opened = await startCloud();
  const client = awsClient(opened.cloud.httpUrl, await makeKey(opened));
  for (const [what, call, expected] of tampered) {
    const answer = await client('GET', '/projects?maxResults=2', call);
    expect([what, answer.status, answer.errorType ?? '']).toEqual([what, ...expected]);
    if (answer.status !== 200) {
      expect(answer.body).toEqual({ code: answer.errorType, message: expect.any(String) });
    }
  }
  const body = { body: { projectName: 'A' }, sentBody: '{"projectName":"B"}' };
  expect((await client('POST', '/projects', body)).errorType).toBe('InvalidSignatureException');
});

test('paths are signed as they were sent, encoded once more; names are decoded once', async () => {
  const opened = await startCloud();
  const client = awsClient(opened.cloud.httpUrl, await makeKey(opened));
  await opened.call('POST', '/things', { name: 'door' });
  const arn = 'arn%3Aaws%3Aiot1click%3Aus-west-2%3A000000000000%3Adevices%2Fdoor';
  const tag = await client('POST', `/tags/${arn}`, { body: { tags: { 'a b': '1', c: '2', d: '3' } } });
  expect([tag.status, tag.body]).toEqual([204, {}]);
  expect((await client('DELETE', `/tags/${arn}?tagKeys=a%20b&tagKeys=c`)).status).toBe(204);
  expect((await client('GET', `/tags/${arn}`)).body).toEqual({ tags: { d: '3' } });
  const odd = await client('GET', '/devices/a%2520b%27%28%29%2A!~');
  expect([odd.status, odd.body['message']]).toEqual([404, "There is no device a%20b'()*!~."]);
  expect((await client('GET', '/devices/%zz')).status).toBe(404);
  expect(await client('GET', '/devices/door/nonsense')).toMatchObject({
    errorType: 'UnknownOperationException',
  });
  const foreign = arn.replace('us-west-2', 'us-east-1');
  expect(await client('GET', `/tags/${foreign}`)).toMatchObject({ errorType: 'ResourceNotFoundException' });
});

test('a body that nests too deeply is refused as AWS refuses what it cannot read', async () => {
  const opened = await startCloud();
  const client = awsClient(opened.cloud.httpUrl, await makeKey(opened));
  const body = `{"projectName":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const answer = await client('POST', '/projects', { body });
  expect([answer.status, answer.body['message']]).toEqual([
    400,
    expect.stringContaining('the body nests deeper than 100 levels'),
  ]);
});

test('1-Click shares its port with the dashboard, the API and their guards', async () => {
  const opened = await startCloud();
  const url = opened.cloud.httpUrl;
  const page = await fetch(`${url}/devices`, { headers: { accept: 'text/html,*/*' } });
  expect(page.headers.get('content-type')).toMatch(/^text\/(html|plain)/);
  const unsigned = await send(url, 'GET', '/devices', {});
  expect(unsigned.errorType).toBe('MissingAuthenticationTokenException');
  expect((await send(url, 'OPTIONS', '/devices', {})).status).toBe(200);
  const foreign = await send(url, 'GET', '/devices', { host: 'evil.example' });
  expect([foreign.status, foreign.errorType]).toEqual([403, 'AccessDeniedException']);
  const client = awsClient(url, await makeKey(opened));
  const large = await client('POST', '/projects', { body: 'x'.repeat(600_000) });
  expect([large.status, large.errorType]).toEqual([413, 'InvalidRequestException']);
  const notJson = await client('POST', '/projects', { body: '{"projectName"' });
  expect([notJson.status, notJson.errorType]).toEqual([400, 'InvalidRequestException']);
  // Without a length, as SDK v3 sends some; an error of ours before this was noticed.
  const chunked = { tamper: (h: Record<string, string>) => ({ ...h, 'transfer-encoding': 'chunked' }) };
  expect((await client('POST', '/projects', { body: { projectName: 'P' }, ...chunked })).status).toBe(200);
  const described = await client('GET', '/projects/P');
  expect(described.body['project']).toMatchObject({ projectName: 'P', createdDate: expect.any(Number) });
});

test('secrets lie sealed, a key dies with its deletion, and another key file opens nothing', async () => {
  const folder = await temporaryFolder();
  const first = await startCloud({}, folder);
  const key = await makeKey(first);
  const list = (opened: OpenedCloud) => awsClient(opened.cloud.httpUrl, key)('GET', '/devices');
  expect((await list(first)).status).toBe(200);
  const keyFile = join(first.dataDir, 'access-keys.key');
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  const listed = await first.get<object[]>('/keys');
  expect(listed).toMatchObject([{ accessKeyId: key.accessKeyId, name: 'test' }]);
  expect(JSON.stringify(listed)).not.toContain(key.secretAccessKey);
  await first.cloud.close();
  for (const name of ['cloud.db', 'access-keys.key']) {
    expect((await readFile(join(first.dataDir, name))).includes(key.secretAccessKey)).toBe(false);
  }
  const second = await startCloud({}, folder);
  expect((await list(second)).status).toBe(200);
  await second.cloud.close();
  await rm(keyFile);
  const third = await startCloud({}, folder);
  expect((await list(third)).errorType).toBe('UnrecognizedClientException');
  expect((await third.call('DELETE', `/keys/${key.accessKeyId}`)).status).toBe(200);
  expect((await list(third)).errorType).toBe('UnrecognizedClientException');
  expect((await third.call('DELETE', `/keys/${key.accessKeyId}`)).status).toBe(404);
});

test('pages hold everything once, also when their size changes and something is added on the way', async () => {
  const opened = await startCloud();
  const client = awsClient(opened.cloud.httpUrl, await makeKey(opened));
  const serials = Array.from({ length: 9 }, (_, i) => `d${i}`);
  for (const name of serials) await opened.call('POST', '/things', { name });
  const seen: string[] = [];
  let token = '';
  for (let size = 2; ; size++) {
    const { body } = await client('GET', `/devices?maxResults=${size}${token && `&nextToken=${token}`}`);
    seen.push(...(body['devices'] as { deviceId: string }[]).map(({ deviceId }) => deviceId));
    if (body['nextToken'] === undefined) break;
    token = String(body['nextToken']);
    await opened.call('POST', '/things', { name: `a${size}` });
  }
  expect(seen).toEqual(serials);
  const turned = Buffer.from(token, 'base64url');
  turned[turned.length - 1]! ^= 1;
  for (const bad of ['x', turned.toString('base64url'), `${token}=`]) {
    expect((await client('GET', `/devices?nextToken=${encodeURIComponent(bad)}`)).status).toBe(416);
  }
  expect((await client('GET', `/devices?deviceType=button&nextToken=${token}`)).status).toBe(416);
  for (const bad of ['maxResults=0', 'maxResults=251', 'maxResults=many']) {
    expect((await client('GET', `/devices?${bad}`)).errorType).toBe('InvalidRequestException');
  }
});

test('a policy that would not be enforced is refused by name when it is saved', async () => {
  const opened = await startCloud();
  const statement = { Effect: 'Allow', Action: 'iot1click:*', Resource: '*', Condition: { Bool: {} } };
  const answer = await opened.call('POST', '/keys', { name: 'x', policy: { Statement: [statement] } });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { code: 'POLICY_UNSUPPORTED' } });
  expect(await opened.get('/keys')).toEqual([]);
});
