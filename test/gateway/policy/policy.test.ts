import type { IncomingHttpHeaders } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../../core/secret.js';
import { S3Bucket } from '../../../gateway/bucket/s3.js';
import { S3Connection } from '../../../gateway/bucket/s3-connection.js';
import { everydayPolicy, maintenancePolicy, type Wishes } from '../../../gateway/policy/documents.js';
import { applySetting, compareSetup } from '../../../gateway/policy/live.js';
import { awsCommands, setupFor } from '../../../gateway/policy/setup.js';
import { gatehouse } from '../../support/gatehouse-cli.js';
import { s3Error, stubS3 } from '../../support/stub-s3.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const place = { kind: 's3', bucket: 'bucket', prefix: 'nas' } as const;
const wishes: Wishes = {
  place,
  dropUploadsDays: 7,
  dropVersionsDays: 90,
  mfaDelete: false,
  blockPublic: true,
};
const keys = { accessKeyId: 'id', secretAccessKey: new Secret('secret') };

test('the everyday keys can delete locks of the repository and nothing else, and configure nothing', () => {
  const statements = everydayPolicy({ ...wishes, lock: { mode: 'GOVERNANCE', days: 30 } }).Statement;
  const deleting = statements.filter(({ Action }) => Action.some((action) => action.includes('Delete')));
  expect(deleting.map(({ Action, Resource }) => [Action, Resource])).toEqual([
    [['s3:DeleteObject'], ['arn:aws:s3:::bucket/nas/locks/*']],
  ]);
  const actions = statements.flatMap(({ Action }) => Action);
  expect(actions.filter((action) => /Bypass|PutBucket|PutLifecycle|\*/.test(action))).toEqual([]);
  const written = statements.filter(({ Action }) => Action.includes('s3:PutObject'));
  expect(written.map(({ Resource }) => Resource)).toEqual([['arn:aws:s3:::bucket/nas/*']]);
  // Longer locks only, and not for ever.
  const lock = statements.find(({ Action }) => Action.includes('s3:PutObjectRetention'));
  expect(lock?.Condition).toEqual({
    NumericLessThanEquals: { 's3:object-lock-remaining-retention-days': '31' },
  });
});

test('only the maintenance keys bypass governance, and nobody a compliance lock', () => {
  const bypass = (policy: ReturnType<typeof maintenancePolicy>) =>
    policy.Statement.some(({ Action }) => Action.includes('s3:BypassGovernanceRetention'));
  expect(bypass(maintenancePolicy({ ...wishes, lock: { mode: 'GOVERNANCE', days: 1 } }))).toBe(true);
  expect(bypass(maintenancePolicy({ ...wishes, lock: { mode: 'COMPLIANCE', days: 1 } }))).toBe(false);
});

test('the set-up is printed as commands of aws', () => {
  const commands = awsCommands({ ...wishes, mfaDelete: true });
  expect(commands[0]).toBe(
    `aws s3api put-bucket-versioning --bucket bucket --versioning-configuration '{"Status":"Enabled"}'`,
  );
  expect(commands.at(-1)).toContain(`"MFADelete":"Enabled"}' --mfa 'SERIAL TOKEN'`);
  expect(commands.join('\n')).toContain('"NoncurrentDays":90');
});

async function recording(answer: (url: string) => string) {
  const requests: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = [];
  const { endpoint } = await stubS3((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      requests.push({ method, url, headers, body });
      response.setHeader('content-type', 'application/xml');
      response.end(method === 'GET' ? answer(url) : '');
    });
  });
  return { endpoint, requests };
}

test('the token of a device goes with permanent deletes and with switching MFA Delete on', async () => {
  const mfa = 'arn:aws:iam::1:mfa/me 123456';
  const { endpoint, requests } = await recording(
    (url) => `<${url.includes('versioning') ? 'VersioningConfiguration' : 'Nothing'}/>`,
  );
  const bucket = await S3Bucket.open(place, { endpoint, region: 'us-east-1', keys });
  onTestFinished(() => bucket.close());
  await bucket.versions.remove('config', 'v1', { mfa });
  expect(requests.at(-1)).toMatchObject({ method: 'DELETE', headers: { 'x-amz-mfa': mfa } });
  expect(requests.at(-1)?.url).toContain('versionId=v1');
  const connection = await S3Connection.open(place, { endpoint, region: 'us-east-1', keys });
  onTestFinished(() => connection.close());
  const setup = setupFor({ ...wishes, mfaDelete: true });
  const [versioning] = await compareSetup(connection, setup, {});
  expect(versioning).toMatchObject({ name: 'versioning', state: 'differs' });
  await applySetting(connection, setup, versioning!, { mfa });
  expect(requests.at(-1)).toMatchObject({ method: 'PUT', headers: { 'x-amz-mfa': mfa } });
  expect(requests.at(-1)?.body).toContain('<MfaDelete>Enabled</MfaDelete>');
});

test('rules of others stay when the lifecycle is set', async () => {
  const { endpoint, requests } = await recording((url) =>
    url.includes('lifecycle')
      ? '<LifecycleConfiguration><Rule><ID>theirs</ID><Status>Enabled</Status><Filter><Prefix>logs/</Prefix></Filter><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>'
      : '<Nothing/>',
  );
  const connection = await S3Connection.open(place, { endpoint, region: 'us-east-1', keys });
  onTestFinished(() => connection.close());
  const setup = setupFor(wishes);
  const lifecycle = (await compareSetup(connection, setup, {})).find(({ name }) => name === 'lifecycle');
  expect(lifecycle?.state).toBe('differs');
  await applySetting(connection, setup, lifecycle!, {});
  expect(requests.at(-1)?.body).toContain('<ID>theirs</ID>');
  expect(requests.at(-1)?.body).toContain('<ID>gatehouse nas</ID>');
});

test('no secret is told, however much is logged and whatever goes wrong', async () => {
  const { endpoint } = await stubS3(s3Error(403, 'SignatureDoesNotMatch'));
  const secret = 'ThisIsTheSecretAccessKey0123456789abcdef';
  const password = 'this is the password';
  const env = {
    HOME: await temporaryFolder(),
    AWS_ACCESS_KEY_ID: 'id',
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: endpoint,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_DEBUG: '1',
  };
  const { code, stdout, stderr } = await gatehouse(
    ['snapshots', '-r', 's3://bucket/nas', '--log-level', 'debug'],
    { env },
  );
  expect(code).toBe(1);
  expect(stderr).toContain('BUCKET_DENIED');
  for (const hidden of [secret, password]) expect(stdout + stderr).not.toContain(hidden);
}, 30_000);
