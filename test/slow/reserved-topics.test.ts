/** The stock V2 service clients of the AWS IoT Device SDK against the embedded broker, mutual TLS. */
import { iot, iotidentity, iotjobs, iotshadow, mqtt } from 'aws-iot-device-sdk-v2';
import { expect, it, onTestFinished } from 'vitest';
import type { Cloud } from '../../cloud/main.js';
import type { ClaimView } from '../../core/wire/enrolment.js';
import { claimIdentity, startCloud } from '../support/cloud-fixture.js';
import { makeDeviceRequest } from '../support/device-request.js';

const options = {
  maxRequestResponseSubscriptions: 20,
  maxStreamingSubscriptions: 5,
  operationTimeoutInSeconds: 10,
};

async function connectSdk(cloud: Cloud, thing: string) {
  const { caPem, certificatePem, keyPem } = await claimIdentity(cloud, thing);
  return connectWith(cloud, caPem, certificatePem, keyPem, thing);
}

async function connectWith(cloud: Cloud, caPem: string, certificatePem: string, keyPem: string, id: string) {
  const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(certificatePem, keyPem)
    .with_certificate_authority(caPem)
    .with_client_id(id)
    .with_endpoint('localhost')
    .with_port(cloud.mqttPort)
    .build();
  const connection = new mqtt.MqttClient().new_connection(config);
  await connection.connect();
  onTestFinished(async () => {
    await connection.disconnect().catch(() => {});
  });
  return connection;
}

it('IotShadowClientv2: get, update, delete, delta and documents, classic and named, and their errors', async () => {
  const { cloud } = await startCloud();
  const client = iotshadow.IotShadowClientv2.newFromMqtt311(await connectSdk(cloud, 'door'), options);
  onTestFinished(() => client.close());
  await expect(client.getShadow({ thingName: 'door' })).rejects.toMatchObject({
    modeledError: { code: 404 },
  });

  const deltas = client.createShadowDeltaUpdatedStream({ thingName: 'door' });
  const documents = client.createShadowUpdatedStream({ thingName: 'door' });
  const delta = new Promise((resolve) => deltas.on('incomingPublish', ({ message }) => resolve(message)));
  const document = new Promise((resolve) =>
    documents.on('incomingPublish', ({ message }) => resolve(message)),
  );
  const granted = [deltas, documents].map(
    (stream) => new Promise<void>((resolve) => stream.once('subscriptionStatus', () => resolve())),
  );
  deltas.open();
  documents.open();
  await Promise.all(granted);

  const state = { desired: { lamp: 'on' }, reported: { lamp: 'off' } };
  expect(await client.updateShadow({ thingName: 'door', state })).toMatchObject({ state, version: 1 });
  expect(await delta).toMatchObject({ state: { lamp: 'on' }, version: 1 });
  expect(await document).toMatchObject({ current: { state, version: 1 } });
  expect(await client.getShadow({ thingName: 'door' })).toMatchObject({
    state: { ...state, delta: { lamp: 'on' } },
    version: 1,
  });
  await expect(
    client.updateShadow({ thingName: 'door', state: { desired: { lamp: 'x' } }, version: 7 }),
  ).rejects.toMatchObject({ modeledError: { code: 409 } });
  expect(await client.deleteShadow({ thingName: 'door' })).toMatchObject({ version: 1 });
  expect(await client.updateShadow({ thingName: 'door', state })).toMatchObject({ version: 2 });

  const named = { thingName: 'door', shadowName: 'config' };
  expect(await client.updateNamedShadow({ ...named, state: { desired: { a: 1 } } })).toMatchObject({
    version: 1,
  });
  expect(await client.getNamedShadow(named)).toMatchObject({ state: { desired: { a: 1 } } });
  expect(await client.deleteNamedShadow(named)).toMatchObject({ version: 1 });
});

it('IotJobsClientv2: pending, start-next, describe, update, both events, and their errors', async () => {
  const { cloud, call } = await startCloud();
  const client = iotjobs.IotJobsClientv2.newFromMqtt311(await connectSdk(cloud, 'door'), options);
  onTestFinished(() => client.close());
  const thingName = 'door';
  expect(await client.getPendingJobExecutions({ thingName })).toMatchObject({
    inProgressJobs: [],
    queuedJobs: [],
  });
  expect((await client.startNextPendingJobExecution({ thingName })).execution).toBeUndefined();

  const changes = client.createJobExecutionsChangedStream({ thingName });
  const nexts = client.createNextJobExecutionChangedStream({ thingName });
  const change = new Promise((resolve) => changes.once('incomingPublish', ({ message }) => resolve(message)));
  const next = new Promise((resolve) => nexts.once('incomingPublish', ({ message }) => resolve(message)));
  const granted = [changes, nexts].map(
    (stream) => new Promise<void>((resolve) => stream.once('subscriptionStatus', () => resolve())),
  );
  changes.open();
  nexts.open();
  await Promise.all(granted);
  const created = await call('POST', '/jobs', {
    id: 'job-1',
    targets: ['door'],
    document: { operation: 'say' },
  });
  expect(created.status).toBe(201);
  expect(await change).toMatchObject({ jobs: { QUEUED: [{ jobId: 'job-1' }] } });
  expect(await next).toMatchObject({ execution: { jobId: 'job-1', jobDocument: { operation: 'say' } } });

  const described = await client.describeJobExecution({ thingName, jobId: '$next' });
  expect(described.execution).toMatchObject({ jobId: 'job-1', status: 'QUEUED', versionNumber: 1 });
  const started = await client.startNextPendingJobExecution({
    thingName,
    statusDetails: { step: 'a' },
    stepTimeoutInMinutes: 5,
  });
  expect(started.execution).toMatchObject({ status: 'IN_PROGRESS', versionNumber: 2 });
  const update = { thingName, jobId: 'job-1', includeJobExecutionState: true };
  await expect(
    client.updateJobExecution({ ...update, status: iotjobs.model.JobStatus.SUCCEEDED, expectedVersion: 9 }),
  ).rejects.toMatchObject({
    modeledError: { code: 'VersionMismatch', executionState: { versionNumber: 2 } },
  });
  const done = await client.updateJobExecution({
    ...update,
    status: iotjobs.model.JobStatus.SUCCEEDED,
    expectedVersion: 2,
  });
  expect(done.executionState).toMatchObject({ status: iotjobs.model.JobStatus.SUCCEEDED, versionNumber: 3 });
  await expect(
    client.updateJobExecution({ ...update, status: iotjobs.model.JobStatus.FAILED }),
  ).rejects.toMatchObject({
    modeledError: { code: 'InvalidStateTransition' },
  });
  await expect(client.describeJobExecution({ thingName, jobId: 'none' })).rejects.toMatchObject({
    modeledError: { code: 'ResourceNotFound' },
  });
});

it('IotIdentityClientv2: keys or request to certificate to thing, with a claim, and their errors', async () => {
  const { cloud, call } = await startCloud();
  await call('POST', '/provisioning-templates', { name: 'boxes', thingName: 'box-{Serial}' });
  const claim = (await (await call('POST', '/provisioning-templates/boxes/claims')).json()) as ClaimView;
  const connection = await connectWith(cloud, claim.caPem, claim.certificatePem, claim.privateKey, 'new-box');
  const client = iotidentity.IotIdentityClientv2.newFromMqtt311(connection, options);
  onTestFinished(() => client.close());
  const keys = await client.createKeysAndCertificate({});
  await expect(
    client.registerThing({ templateName: 'boxes', certificateOwnershipToken: 'wrong', parameters: {} }),
  ).rejects.toMatchObject({
    modeledError: { errorCode: 'InvalidCertificateOwnershipToken', statusCode: 400 },
  });
  const thing = await client.registerThing({
    templateName: 'boxes',
    certificateOwnershipToken: keys.certificateOwnershipToken ?? '',
    parameters: { Serial: '42' },
  });
  expect(thing.thingName).toBe('box-42');
  const { keyPem, csrPem } = await makeDeviceRequest();
  const signed = await client.createCertificateFromCsr({ certificateSigningRequest: csrPem });
  const parameters = { Serial: '43' };
  const { certificateOwnershipToken = '', certificatePem = '' } = signed;
  await client.registerThing({ templateName: 'boxes', certificateOwnershipToken, parameters });
  await expect(client.createCertificateFromCsr({ certificateSigningRequest: 'x' })).rejects.toMatchObject({
    modeledError: { errorCode: 'InvalidCsr' },
  });
  // Both are things now, and speak for themselves.
  await connectWith(cloud, claim.caPem, keys.certificatePem ?? '', keys.privateKey ?? '', 'box-42');
  const own = await connectWith(cloud, claim.caPem, certificatePem, keyPem, 'box-43');
  const shadow = iotshadow.IotShadowClientv2.newFromMqtt311(own, options);
  onTestFinished(() => shadow.close());
  const state = { reported: { a: 1 } };
  expect(await shadow.updateShadow({ thingName: 'box-43', state })).toMatchObject({ version: 1 });
});
