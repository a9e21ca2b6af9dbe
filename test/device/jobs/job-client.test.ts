import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { createLogger } from '../../../core/log.js';
import type { JobView } from '../../../core/wire/jobs.js';
import { JobClient, type JobHandler } from '../../../device/jobs/job-client.js';
import { openTransport } from '../../../device/transport/open.js';
import { until } from '../../support/cloud-database.js';
import { claimIdentity, startCloud } from '../../support/cloud-fixture.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const log = createLogger({ level: 'error', format: 'text', write: () => {} });

it('does one job after another in order, refuses what it does not know', async () => {
  const { cloud, call, get } = await startCloud();
  const identity = await claimIdentity(cloud, 'door');
  const folder = await temporaryFolder();
  const paths = {
    certificatePath: join(folder, 'crt'),
    privateKeyPath: join(folder, 'key'),
    caPath: join(folder, 'ca'),
  };
  await writeFile(paths.certificatePath, identity.certificatePem);
  await writeFile(paths.privateKeyPath, identity.keyPem);
  await writeFile(paths.caPath, identity.caPem);
  const create = (id: string, document: object) => call('POST', '/jobs', { id, targets: ['door'], document });
  await create('first', { operation: 'say', text: 'one' });
  await create('second', { operation: 'dance' });
  const did: string[] = [];
  const say: JobHandler = {
    async run(job) {
      did.push(`${job.id} ${String(job.document['text'])}`);
      await job.progress({ step: 'half' });
      expect(await job.documentNow()).toEqual(job.document);
      const failed = job.document['text'] === 'bad';
      return { status: failed ? 'FAILED' : 'SUCCEEDED', details: { said: 'x'.repeat(2_000), empty: '' } };
    },
    async reported(job) {
      did.push(`${job.id} reported`);
    },
  };
  const options = {
    host: identity.mqttHost,
    port: identity.mqttPort,
    clientId: 'door',
    keepAliveSeconds: 30,
  };
  const transport = await openTransport(
    { protocol: '3.1.1', transport: 'auto' },
    { ...options, ...paths, clock: systemClock, log },
  );
  onTestFinished(() => transport.close());
  const client = new JobClient({ handlers: new Map([['say', say]]), clock: systemClock, log });
  onTestFinished(() => client.close());
  client.attach(transport, 'door');
  await transport.connect();
  const ended = (id: string) =>
    until(async () => (await get<JobView>(`/jobs/${id}`)).status === 'COMPLETED', `${id} ended`);
  await ended('second');
  // Told while it is connected.
  await create('third', { operation: 'say', text: 'bad' });
  await ended('third');
  await until(() => did.length === 4);
  expect(did).toEqual(['first one', 'first reported', 'third bad', 'third reported']);
  const executions = async (id: string) => (await get<JobView>(`/jobs/${id}`)).executions;
  expect(await executions('first')).toMatchObject([
    { status: 'SUCCEEDED', statusDetails: { said: 'x'.repeat(1_024) } },
  ]);
  expect(await executions('second')).toMatchObject([
    { status: 'REJECTED', statusDetails: { reason: 'This agent has no operation "dance".' } },
  ]);
  expect(await executions('third')).toMatchObject([{ status: 'FAILED' }]);
});
