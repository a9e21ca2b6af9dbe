/**
 * The stock clients of AWS IoT 1-Click behind one face: SDK v2, SDK v3 (projects only: its other half
 * cannot be had any more) and the AWS CLI. Members are spelt as each service's model spells them.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as projectsV3 from '@aws-sdk/client-iot-1click-projects';
import type { Service } from '../../cloud/oneclick/operations.js';
import type { Credentials } from './aws-client.js';

export type Answer = Record<string, unknown>;

export interface StockClient {
  readonly name: string;
  readonly services: readonly Service[];
  /** @throws StockError */
  call(service: Service, operation: string, parameters: Answer): Promise<Answer>;
  close(): Promise<void>;
}

/** What the client took the error's type to be. */
export class StockError extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(`${type}: ${message}`);
    this.type = type;
  }
}

const region = 'us-west-2';
const awsCommand = '/usr/bin/aws';

type Method = (parameters: Answer) => { promise(): Promise<Answer> };

export async function openV2(endpoint: string, credentials: Credentials): Promise<StockClient> {
  process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
  const { default: AWS } = await import('aws-sdk');
  const options = { endpoint, region, credentials, maxRetries: 0 };
  const clients = {
    devices: new AWS.IoT1ClickDevicesService(options),
    projects: new AWS.IoT1ClickProjects(options),
  };
  return {
    name: 'aws-sdk v2',
    services: ['devices', 'projects'],
    async call(service, operation, parameters) {
      const client = clients[service] as unknown as Record<string, Method>;
      try {
        return await client[operation[0]!.toLowerCase() + operation.slice(1)]!(parameters).promise();
      } catch (error) {
        throw new StockError((error as { code: string }).code, (error as Error).message);
      }
    },
    close: async () => {},
  };
}

type Command = new (parameters: Answer) => Parameters<projectsV3.IoT1ClickProjectsClient['send']>[0];

export function openV3(endpoint: string, credentials: Credentials): StockClient {
  const client = new projectsV3.IoT1ClickProjectsClient({ endpoint, region, credentials, maxAttempts: 1 });
  return {
    name: 'aws-sdk v3',
    services: ['projects'],
    async call(_service, operation, parameters) {
      const command = (projectsV3 as unknown as Record<string, Command>)[`${operation}Command`]!;
      try {
        const { $metadata, ...answer } = (await client.send(new command(parameters))) as unknown as Answer;
        return answer;
      } catch (error) {
        throw new StockError((error as Error).name, (error as Error).message);
      }
    },
    close: async () => client.destroy(),
  };
}

/** Runs one command line of the AWS CLI after the other: it takes most of a second to start. */
const driver = `
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = create_clidriver().main(json.loads(line))
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
`;

export function openCli(endpoint: string, credentials: Credentials): StockClient {
  const child = spawn('/usr/bin/python3', ['-c', driver], { env: cliEnvironment(credentials) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name: 'awscli',
    services: ['devices', 'projects'],
    async call(service, operation, parameters) {
      const args = cliArguments(endpoint, service, operation, parameters);
      const [code, out, err] = await runCli(child, lines, args);
      if (code === 0) return out.trim() === '' ? {} : (JSON.parse(out) as Answer);
      const type = /An error occurred \((\w+)\)/.exec(err)?.[1];
      throw new StockError(type ?? `exit code ${code}`, err);
    },
    async close() {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

async function runCli(
  child: ChildProcessWithoutNullStreams,
  lines: AsyncIterator<string>,
  args: readonly string[],
): Promise<[number, string, string]> {
  let said = '';
  const listen = (text: Buffer) => (said += text.toString('utf8'));
  child.stderr.on('data', listen);
  child.stdin.write(`${JSON.stringify(args)}\n`);
  const { value, done } = await lines.next();
  child.stderr.off('data', listen);
  if (done) throw new Error(`the AWS CLI ended: ${said}`);
  return JSON.parse(value) as [number, string, string];
}

function cliArguments(endpoint: string, service: Service, operation: string, parameters: Answer): string[] {
  const verb = operation.replace(/(?<=[a-z])[A-Z]/g, (c) => `-${c}`).toLowerCase();
  const input = ['--cli-input-json', JSON.stringify(parameters)];
  return [
    `iot1click-${service}`,
    verb,
    '--endpoint-url',
    endpoint,
    '--no-paginate',
    '--output',
    'json',
    ...input,
  ];
}

/** Nothing of the machine's own settings. */
function cliEnvironment({ accessKeyId, secretAccessKey }: Credentials): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/bin:/bin',
    HOME: '/nonexistent',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  };
}

/** The command as a user types it. */
export async function typedCli(args: readonly string[], credentials: Credentials): Promise<string> {
  const child = spawn(awsCommand, args, { env: cliEnvironment(credentials) });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (out += text));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`aws ended with ${code}: ${out}`);
  return out;
}
