/**
 * The stock clients of AWS IoT 1-Click against Gatehouse: every operation with every client that has it,
 * and every error that the operations model and a caller can provoke. The list is printed at the end.
 */
import { existsSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { operations, type Service } from '../../cloud/oneclick/operations.js';
import { thingTopic } from '../../core/wire/topics.js';
import type { Credentials } from '../support/aws-client.js';
import { clickPayload } from '../support/click-path.js';
import { connectDevice, type OpenedCloud, startCloud } from '../support/cloud-fixture.js';
import {
  type Answer,
  openCli,
  openV2,
  openV3,
  type StockClient,
  StockError,
  typedCli,
} from '../support/stock-clients.js';

const hasCli = existsSync('/usr/bin/aws') || process.env['GATEHOUSE_NO_SKIPS'] !== undefined;
/** Operation to client to the outcomes seen. */
const seen = new Map<string, Map<string, Set<string>>>();

/** What one client's run works on. */
interface World {
  readonly opened: OpenedCloud;
  readonly serial: string;
  readonly boxed: readonly string[];
  readonly claimCode: string;
  /** Answers that later steps need. */
  readonly kept: Record<string, string>;
}

interface Step {
  readonly service: Service;
  readonly operation: string;
  readonly parameters: (world: World) => Answer;
  /** What the answer holds, or the type of the error. */
  readonly answer: ((world: World) => Answer) | string;
  readonly keep?: (answer: Answer, world: World) => void;
  /** Done to the device before. */
  readonly before?: (world: World) => Promise<void>;
}

function devices(
  operation: string,
  parameters: Step['parameters'],
  answer: Step['answer'],
  more: Pick<Step, 'keep' | 'before'> = {},
): Step {
  return { service: 'devices', operation, parameters, answer, ...more };
}

function projects(
  operation: string,
  parameters: Step['parameters'],
  answer: Step['answer'],
  more: Pick<Step, 'keep' | 'before'> = {},
): Step {
  return { service: 'projects', operation, parameters, answer, ...more };
}

const deviceArn = (id: string) => `arn:aws:iot1click:us-west-2:000000000000:devices/${id}`;
const projectArn = 'arn:aws:iot1click:us-west-2:000000000000:projects/Doors';
const lambda = 'arn:aws:lambda:us-west-2:123456789012:function:pressed';
const invoke = (methodName: string, deviceType: string, parameters?: unknown) => (world: World) => ({
  DeviceId: world.serial,
  DeviceMethod: { DeviceType: deviceType, MethodName: methodName },
  ...(parameters !== undefined && {
    DeviceMethodParameters: typeof parameters === 'string' ? parameters : JSON.stringify(parameters),
  }),
});
const nothing = () => ({});

const deviceSteps: readonly Step[] = [
  devices(
    'InitiateDeviceClaim',
    ({ serial }) => ({ DeviceId: serial }),
    () => ({ State: 'CLAIM_INITIATED' }),
  ),
  devices('InitiateDeviceClaim', () => ({ DeviceId: 'nobody' }), 'ResourceNotFoundException'),
  devices('FinalizeDeviceClaim', ({ serial }) => ({ DeviceId: serial }), 'PreconditionFailedException'),
  devices('FinalizeDeviceClaim', () => ({ DeviceId: 'nobody' }), 'ResourceNotFoundException'),
  devices(
    'FinalizeDeviceClaim',
    ({ serial }) => ({ DeviceId: serial, Tags: { 'Driver Phone': '+1 555', Team: 'a' } }),
    () => ({ State: 'CLAIMED' }),
    { before: click },
  ),
  devices('InitiateDeviceClaim', ({ serial }) => ({ DeviceId: serial }), 'ResourceConflictException'),
  devices('FinalizeDeviceClaim', ({ serial }) => ({ DeviceId: serial }), 'ResourceConflictException'),
  devices(
    'FinalizeDeviceClaim',
    ({ serial }) => ({ DeviceId: serial, Tags: { 'aws:x': '1' } }),
    'InvalidRequestException',
  ),
  devices(
    'ClaimDevicesByClaimCode',
    ({ claimCode }) => ({ ClaimCode: claimCode }),
    ({ claimCode }) => ({ ClaimCode: claimCode, Total: 2 }),
  ),
  devices('ClaimDevicesByClaimCode', () => ({ ClaimCode: 'C-OFSOMEBODYELSE' }), 'ForbiddenException'),
  devices('ClaimDevicesByClaimCode', () => ({ ClaimCode: 'D-123456789012' }), 'InvalidRequestException'),
  devices(
    'DescribeDevice',
    ({ serial }) => ({ DeviceId: serial }),
    ({ serial }) => ({
      DeviceDescription: {
        Arn: deviceArn(serial),
        Attributes: {},
        DeviceId: serial,
        Enabled: false,
        RemainingLife: 99.95,
        Type: 'button',
        Tags: { 'Driver Phone': '+1 555', Team: 'a' },
      },
    }),
  ),
  devices('DescribeDevice', () => ({ DeviceId: 'nobody' }), 'ResourceNotFoundException'),
  devices(
    'ListDevices',
    () => ({ DeviceType: 'button', MaxResults: 2 }),
    ({ boxed }) => ({
      Devices: boxed.slice(0, 2).map((id) => expect.objectContaining({ DeviceId: id, Enabled: false })),
      NextToken: expect.any(String),
    }),
    { keep: (answer, world) => (world.kept['devices'] = String(answer['NextToken'])) },
  ),
  devices(
    'ListDevices',
    ({ kept }) => ({ DeviceType: 'button', MaxResults: 2, NextToken: kept['devices'] }),
    ({ serial }) => ({ Devices: [expect.objectContaining({ DeviceId: serial })] }),
  ),
  devices('ListDevices', ({ kept }) => ({ NextToken: kept['devices'] }), 'RangeNotSatisfiableException'),
  devices('ListDevices', () => ({ NextToken: 'made-up' }), 'RangeNotSatisfiableException'),
  devices('ListDevices', () => ({ MaxResults: 250, DeviceType: '' }), 'InvalidRequestException'),
  devices('UpdateDeviceState', ({ serial }) => ({ DeviceId: serial, Enabled: true }), nothing),
  devices('UpdateDeviceState', () => ({ DeviceId: 'nobody', Enabled: true }), 'ResourceNotFoundException'),
  devices(
    'GetDeviceMethods',
    ({ serial }) => ({ DeviceId: serial }),
    () => ({
      DeviceMethods: expect.arrayContaining([
        { DeviceType: 'device', MethodName: 'getDeviceHealthParameters' },
        { DeviceType: 'button', MethodName: 'setOnClickCallback' },
      ]),
    }),
  ),
  devices('GetDeviceMethods', () => ({ DeviceId: 'nobody' }), 'ResourceNotFoundException'),
  devices('InvokeDeviceMethod', invoke('getDeviceHealthParameters', 'device'), () => ({
    DeviceMethodResponse: '{"remainingLife": 99.95}',
  })),
  devices(
    'InvokeDeviceMethod',
    invoke('setOnClickCallback', 'button', { callback: { awsLambdaArn: lambda } }),
    ({ serial }) => ({ DeviceMethodResponse: onClick(serial) }),
  ),
  devices('InvokeDeviceMethod', invoke('getOnClickCallback', 'button'), ({ serial }) => ({
    DeviceMethodResponse: onClick(serial),
  })),
  devices(
    'InvokeDeviceMethod',
    invoke('setDeviceHealthMonitorCallback', 'device', {
      callback: { awsLambdaArn: lambda },
      condition: { remainingLifeLowerThan: 20 },
    }),
    () => ({ DeviceMethodResponse: expect.stringContaining('"remainingLifeLowerThan":20') }),
  ),
  devices('InvokeDeviceMethod', invoke('getDeviceHealthMonitorCallback', 'device'), () => ({
    DeviceMethodResponse: expect.stringContaining('"remainingLifeLowerThan":20'),
  })),
  devices('InvokeDeviceMethod', invoke('getOnClickCallback', 'button', ''), 'InvalidRequestException'),
  devices('InvokeDeviceMethod', invoke('explode', 'button'), 'InvalidRequestException'),
  devices(
    'InvokeDeviceMethod',
    () => ({ DeviceId: 'nobody', DeviceMethod: { DeviceType: 'button', MethodName: 'getOnClickCallback' } }),
    'ResourceNotFoundException',
  ),
  devices('ListDeviceEvents', events({ MaxResults: 1 }), ({ serial }) => ({
    Events: [
      {
        Device: { Attributes: {}, DeviceId: serial, Type: 'button' },
        StdEvent: expect.stringMatching(
          /"clickType":"SINGLE".*"certificateId":"[0-9a-f]{64}","testMode":false/,
        ),
      },
    ],
  })),
  devices('ListDeviceEvents', events({ NextToken: 'made-up' }), 'RangeNotSatisfiableException'),
  devices('ListDeviceEvents', events({ ToTimeStamp: '2019-01-01T00:00:00Z' }), 'InvalidRequestException'),
  devices(
    'ListDeviceEvents',
    (world) => ({ ...events({})(world), DeviceId: 'nobody' }),
    'ResourceNotFoundException',
  ),
  devices('TagResource', ({ serial }) => ({ ResourceArn: deviceArn(serial), Tags: { Floor: '2' } }), nothing),
  devices(
    'TagResource',
    () => ({ ResourceArn: deviceArn('nobody'), Tags: { a: 'b' } }),
    'ResourceNotFoundException',
  ),
  devices(
    'TagResource',
    ({ serial }) => ({ ResourceArn: deviceArn(serial), Tags: {} }),
    'InvalidRequestException',
  ),
  devices(
    'UntagResource',
    ({ serial }) => ({ ResourceArn: deviceArn(serial), TagKeys: ['Driver Phone', 'Team'] }),
    nothing,
  ),
  devices(
    'UntagResource',
    () => ({ ResourceArn: deviceArn('nobody'), TagKeys: ['a'] }),
    'ResourceNotFoundException',
  ),
  devices(
    'UntagResource',
    ({ serial }) => ({ ResourceArn: deviceArn(serial), TagKeys: [] }),
    'InvalidRequestException',
  ),
  devices(
    'ListTagsForResource',
    ({ serial }) => ({ ResourceArn: deviceArn(serial) }),
    () => ({
      Tags: { Floor: '2' },
    }),
  ),
  devices('ListTagsForResource', () => ({ ResourceArn: deviceArn('nobody') }), 'ResourceNotFoundException'),
  devices(
    'UnclaimDevice',
    ({ serial }) => ({ DeviceId: serial }),
    () => ({ State: 'UNCLAIMED' }),
  ),
  devices('UnclaimDevice', ({ serial }) => ({ DeviceId: serial }), 'ResourceNotFoundException'),
];

const placed = { projectName: 'Doors', placementName: 'front' };
const slot = { ...placed, deviceTemplateName: 'bell' };
const time = expect.anything();

const projectSteps: readonly Step[] = [
  projects(
    'CreateProject',
    () => ({
      projectName: 'Doors',
      description: 'all doors',
      placementTemplate: {
        defaultAttributes: { Building: 'Main' },
        deviceTemplates: { bell: { deviceType: 'button', callbackOverrides: { onClickCallback: lambda } } },
      },
      tags: { Team: 'a' },
    }),
    nothing,
  ),
  projects('CreateProject', () => ({ projectName: 'Doors' }), 'ResourceConflictException'),
  projects('CreateProject', () => ({ projectName: 'no blanks' }), 'InvalidRequestException'),
  projects('CreateProject', () => ({ projectName: 'Gates' }), nothing),
  projects(
    'UpdateProject',
    () => ({
      projectName: 'Doors',
      description: '',
      placementTemplate: { defaultAttributes: { City: 'Ulm' } },
    }),
    nothing,
  ),
  projects(
    'UpdateProject',
    () => ({
      projectName: 'Doors',
      placementTemplate: { deviceTemplates: { more: { deviceType: 'button' } } },
    }),
    'InvalidRequestException',
  ),
  projects('UpdateProject', () => ({ projectName: 'none' }), 'ResourceNotFoundException'),
  projects(
    'DescribeProject',
    () => ({ projectName: 'Doors' }),
    () => ({
      project: {
        arn: projectArn,
        projectName: 'Doors',
        description: '',
        createdDate: time,
        updatedDate: time,
        placementTemplate: {
          defaultAttributes: { Building: 'Main', City: 'Ulm' },
          deviceTemplates: { bell: { deviceType: 'button', callbackOverrides: { onClickCallback: lambda } } },
        },
        tags: { Team: 'a' },
      },
    }),
  ),
  projects('DescribeProject', () => ({ projectName: 'none' }), 'ResourceNotFoundException'),
  projects(
    'ListProjects',
    () => ({ maxResults: 1 }),
    () => ({
      projects: [
        { arn: projectArn, projectName: 'Doors', createdDate: time, updatedDate: time, tags: { Team: 'a' } },
      ],
      nextToken: expect.any(String),
    }),
    { keep: (answer, world) => (world.kept['projects'] = String(answer['nextToken'])) },
  ),
  projects(
    'ListProjects',
    ({ kept }) => ({ nextToken: kept['projects'] }),
    () => ({
      projects: [expect.objectContaining({ projectName: 'Gates', tags: {} })],
    }),
  ),
  projects('ListProjects', () => ({ nextToken: 'made-up' }), 'InvalidRequestException'),
  projects('TagResource', () => ({ resourceArn: projectArn, tags: { Floor: '2' } }), nothing),
  projects(
    'TagResource',
    () => ({ resourceArn: projectArn, tags: { 'a b': '2' } }),
    'InvalidRequestException',
  ),
  projects(
    'TagResource',
    () => ({ resourceArn: `${projectArn}X`, tags: { a: '2' } }),
    'ResourceNotFoundException',
  ),
  projects('UntagResource', () => ({ resourceArn: projectArn, tagKeys: ['Team', 'none'] }), nothing),
  projects(
    'UntagResource',
    () => ({ resourceArn: `${projectArn}X`, tagKeys: ['a'] }),
    'ResourceNotFoundException',
  ),
  projects(
    'ListTagsForResource',
    () => ({ resourceArn: projectArn }),
    () => ({ tags: { Floor: '2' } }),
  ),
  projects('ListTagsForResource', () => ({ resourceArn: `${projectArn}X` }), 'ResourceNotFoundException'),
  projects('CreatePlacement', () => ({ ...placed, attributes: { Floor: '1', Room: '7' } }), nothing),
  projects('CreatePlacement', () => placed, 'ResourceConflictException'),
  projects('CreatePlacement', () => ({ ...placed, placementName: 'a/b' }), 'InvalidRequestException'),
  projects('CreatePlacement', () => ({ ...placed, projectName: 'none' }), 'ResourceNotFoundException'),
  projects('CreatePlacement', () => ({ ...placed, placementName: 'rear' }), nothing),
  projects('UpdatePlacement', () => ({ ...placed, attributes: { Room: '', Key: 'x' } }), nothing),
  projects('UpdatePlacement', () => ({ ...placed, placementName: 'none' }), 'ResourceNotFoundException'),
  projects(
    'UpdatePlacement',
    () => ({
      ...placed,
      attributes: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`a${i}`, 'b'])),
    }),
    'InvalidRequestException',
  ),
  projects(
    'DescribePlacement',
    () => placed,
    () => ({
      placement: { ...placed, attributes: { Floor: '1', Key: 'x' }, createdDate: time, updatedDate: time },
    }),
  ),
  projects('DescribePlacement', () => ({ ...placed, placementName: 'none' }), 'ResourceNotFoundException'),
  projects(
    'ListPlacements',
    () => ({ projectName: 'Doors', maxResults: 1 }),
    () => ({
      placements: [{ ...placed, createdDate: time, updatedDate: time }],
      nextToken: expect.any(String),
    }),
    { keep: (answer, world) => (world.kept['placements'] = String(answer['nextToken'])) },
  ),
  projects(
    'ListPlacements',
    ({ kept }) => ({ projectName: 'Doors', nextToken: kept['placements'] }),
    () => ({ placements: [expect.objectContaining({ placementName: 'rear' })] }),
  ),
  projects(
    'ListPlacements',
    ({ kept }) => ({ projectName: 'Gates', nextToken: kept['placements'] }),
    'InvalidRequestException',
  ),
  projects('ListPlacements', () => ({ projectName: 'none' }), 'ResourceNotFoundException'),
  projects('AssociateDeviceWithPlacement', ({ boxed }) => ({ ...slot, deviceId: boxed[0] }), nothing),
  projects(
    'AssociateDeviceWithPlacement',
    ({ boxed }) => ({ ...slot, deviceId: boxed[1] }),
    'ResourceConflictException',
  ),
  projects(
    'AssociateDeviceWithPlacement',
    ({ boxed }) => ({ ...slot, placementName: 'rear', deviceId: boxed[0] }),
    'ResourceConflictException',
  ),
  projects(
    'AssociateDeviceWithPlacement',
    ({ boxed }) => ({ ...slot, deviceTemplateName: 'none', deviceId: boxed[1] }),
    'ResourceNotFoundException',
  ),
  projects(
    'AssociateDeviceWithPlacement',
    () => ({ ...slot, placementName: 'rear', deviceId: 'not allowed' }),
    'InvalidRequestException',
  ),
  projects(
    'GetDevicesInPlacement',
    () => placed,
    ({ boxed }) => ({ devices: { bell: boxed[0] } }),
  ),
  projects(
    'GetDevicesInPlacement',
    () => ({ ...placed, placementName: 'rear' }),
    () => ({ devices: {} }),
  ),
  projects('GetDevicesInPlacement', () => ({ ...placed, projectName: 'none' }), 'ResourceNotFoundException'),
  projects('DeletePlacement', () => placed, 'InvalidRequestException'),
  projects('DisassociateDeviceFromPlacement', () => slot, nothing),
  projects(
    'DisassociateDeviceFromPlacement',
    () => ({ ...slot, deviceTemplateName: 'none' }),
    'ResourceNotFoundException',
  ),
  projects('DeletePlacement', () => placed, nothing),
  projects('DeletePlacement', () => placed, 'ResourceNotFoundException'),
  projects('DeleteProject', () => ({ projectName: 'Doors' }), 'InvalidRequestException'),
  projects('DeleteProject', () => ({ projectName: 'Gates' }), nothing),
  projects('DeleteProject', () => ({ projectName: 'Gates' }), 'ResourceNotFoundException'),
];

const openers = {
  'aws-sdk v2': openV2,
  'aws-sdk v3': openV3,
  ...(hasCli && { awscli: openCli }),
};

test.each(Object.entries(openers))('%s: every operation and its errors', async (_name, open) => {
  const opened = await startCloud();
  const credentials = await makeKey(opened);
  const client = await open(opened.cloud.httpUrl, credentials);
  const world = await makeWorld(opened, client);
  for (const step of [...deviceSteps, ...projectSteps]) {
    if (client.services.includes(step.service)) await take(step, client, world);
  }
  await client.close();
  const missing = operations.filter(
    ({ service, name }) =>
      client.services.includes(service) && !seen.get(`${service} ${name}`)?.get(client.name)?.has('ok'),
  );
  expect(missing).toEqual([]);
});

test.each(Object.entries(openers))('%s: keys that may not are refused, by name', async (_name, open) => {
  const opened = await startCloud();
  const policy = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: 'iot1click:DescribeProject', Resource: projectArn },
  };
  const reader = await makeKey(opened, policy);
  const url = opened.cloud.httpUrl;
  const refusal = async (credentials: Credentials, operation: string, parameters: Answer) => {
    const client = await open(url, credentials);
    const error = await client.call('projects', operation, parameters).catch((e: unknown) => e);
    await client.close();
    return error instanceof StockError ? error.type : String(error);
  };
  expect(await refusal(reader, 'DescribeProject', { projectName: 'Doors' })).toBe(
    'ResourceNotFoundException',
  );
  expect(await refusal(reader, 'DescribeProject', { projectName: 'Other' })).toBe('AccessDeniedException');
  expect(await refusal(reader, 'ListProjects', {})).toBe('AccessDeniedException');
  const wrong = { ...reader, secretAccessKey: 'x'.repeat(40) };
  expect(await refusal(wrong, 'ListProjects', {})).toBe('InvalidSignatureException');
  const unknown = { ...reader, accessKeyId: 'AKIAIOSFODNN7EXAMPLE' };
  expect(await refusal(unknown, 'ListProjects', {})).toBe('UnrecognizedClientException');
});

test.skipIf(!hasCli)('aws as it is typed pages through everything by itself', async () => {
  const opened = await startCloud();
  const credentials = await makeKey(opened);
  for (const name of ['a', 'b', 'c']) await opened.call('POST', '/projects', { projectName: name });
  const args = ['iot1click-projects', 'list-projects', '--endpoint-url', opened.cloud.httpUrl];
  const all = JSON.parse(await typedCli([...args, '--page-size', '1', '--output', 'json'], credentials)) as {
    projects: { projectName: string }[];
  };
  expect(all.projects.map(({ projectName }) => projectName)).toEqual(['a', 'b', 'c']);
});

afterAll(() => {
  const lines = [...seen].map(([operation, clients]) => {
    const each = [...clients].map(([client, outcomes]) => `${client}: ${[...outcomes].join(' ')}`);
    return `  ${operation}\n    ${each.join('\n    ')}`;
  });
  process.stdout.write(`1-Click operations by stock clients:\n${lines.join('\n')}\n`);
});

async function take(step: Step, client: StockClient, world: World): Promise<void> {
  const { service, operation, parameters, answer, keep, before } = step;
  await before?.(world);
  const what = `${client.name} ${operation} ${JSON.stringify(parameters(world))}`;
  let outcome = 'ok';
  try {
    const given = await client.call(service, operation, parameters(world));
    if (typeof answer === 'string') throw new Error(`${what}: no ${answer} but ${JSON.stringify(given)}`);
    expect(given, what).toEqual(answer(world));
    keep?.(given, world);
  } catch (error) {
    if (!(error instanceof StockError)) throw error;
    expect(error.type, `${what}: ${error.message}`).toBe(answer);
    outcome = error.type;
  }
  const clients = seen.get(`${service} ${operation}`) ?? new Map<string, Set<string>>();
  seen.set(`${service} ${operation}`, clients);
  clients.set(client.name, (clients.get(client.name) ?? new Set()).add(outcome));
}

async function makeKey(opened: OpenedCloud, policy?: unknown): Promise<Credentials> {
  const response = await opened.call('POST', '/keys', {
    name: 'test',
    ...(policy !== undefined && { policy }),
  });
  return (await response.json()) as Credentials;
}

async function makeWorld(opened: OpenedCloud, client: StockClient): Promise<World> {
  const make = async (body: object) =>
    (await (await opened.call('POST', '/manufacture', body)).json()) as {
      devices: string[];
      claimCode: string;
    };
  const serial = 'G030ZZ0000000001';
  await make({ serials: [serial] });
  const box = await make({ count: 2, box: true });
  // The client that knows no devices gets them claimed.
  if (!client.services.includes('devices'))
    await opened.call('POST', '/claims', { claimCode: box.claimCode });
  return { opened, serial, boxed: [...box.devices].sort(), claimCode: box.claimCode, kept: {} };
}

/** The one press of the walk-through that confirms a claim. */
async function click({ opened, serial }: World): Promise<void> {
  const device = await connectDevice(opened.cloud, serial);
  await device.publishAsync(thingTopic(serial, 'click'), Buffer.from(clickPayload('click-0001')), { qos: 1 });
}

function onClick(serial: string): string {
  return JSON.stringify({ deviceId: serial, callback: { awsLambdaArn: lambda } });
}

function events(more: Answer) {
  return ({ serial }: World): Answer => ({
    DeviceId: serial,
    FromTimeStamp: '2020-01-01T00:00:00.500Z',
    ToTimeStamp: '2100-01-01T00:00:00Z',
    ...more,
  });
}
