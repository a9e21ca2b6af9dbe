/**
 * Stands in for AWS: an HTTP server that checks the signature of every request (Signature Version 4,
 * as AWS documents it), keeps the request, and answers what the test says.
 */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const awsKeys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-of-the-tests' };

export interface AwsRequest {
  /** From the signature: `sns`, `sqs`, `lambda`. */
  readonly service: string;
  readonly region: string;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The members of a Query request, or of a JSON one. */
  readonly fields: Record<string, unknown>;
  /** `Publish`, `SendMessage`; empty for REST. */
  readonly action: string;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

export interface StubAws {
  readonly url: string;
  readonly requests: AwsRequest[];
}

/** Sets the keys in the environment of the test, as the AWS tools take them. */
export async function openStubAws(answer: (request: AwsRequest) => AwsAnswer): Promise<StubAws> {
  const requests: AwsRequest[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const request = requestOf(incoming, body);
    requests.push(request);
    const fault = signatureFault(incoming, body);
    const {
      status = 200,
      headers = {},
      body: text,
    } = fault === undefined ? answer(request) : { status: 403, body: JSON.stringify({ message: fault }) };
    response.writeHead(status, headers).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const before = { ...process.env };
  Object.assign(process.env, awsKeys, { AWS_REGION: 'us-east-1', AWS_EC2_METADATA_DISABLED: 'true' });
  onTestFinished(async () => {
    process.env = before;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function requestOf(incoming: IncomingMessage, raw: Buffer): AwsRequest {
  const body = raw.toString('utf8');
  const [, region = '', service = ''] = scopeOf(incoming)?.split('/') ?? [];
  const target = String(incoming.headers['x-amz-target'] ?? '');
  const isQuery = incoming.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  const fields = isQuery ? Object.fromEntries(new URLSearchParams(body)) : jsonOf(body);
  return {
    service,
    region,
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body,
    fields,
    action: isQuery ? String(fields['Action']) : (target.split('.')[1] ?? ''),
  };
}

function jsonOf(body: string): Record<string, unknown> {
  try {
    return JSON.parse(body) as Record<string, unknown>;
  } catch {
    return {};
  }
}

const pattern =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

function scopeOf(incoming: IncomingMessage): string | undefined {
  return pattern.exec(incoming.headers.authorization ?? '')?.[2];
}

/** What is wrong with the signature; undefined when nothing is. */
function signatureFault(incoming: IncomingMessage, body: Buffer): string | undefined {
  const match = pattern.exec(incoming.headers.authorization ?? '');
  if (match === null) return 'not signed';
  const [, key, scope = '', signed = '', signature] = match;
  if (key !== awsKeys.AWS_ACCESS_KEY_ID) return 'another key';
  const names = signed.split(';');
  if (!names.includes('host') || !names.includes('x-amz-date')) return 'host and time are not signed';
  const [path = '', query = ''] = (incoming.url ?? '').split('?');
  const canonical = [
    incoming.method,
    path.split('/').map(encodeURIComponent).join('/'),
    query.split('&').sort().join('&'),
    ...names.map((name) => `${name}:${String(incoming.headers[name]).trim()}`),
    '',
    signed,
    createHash('sha256').update(body).digest('hex'),
  ].join('\n');
  const toSign = [
    'AWS4-HMAC-SHA256',
    incoming.headers['x-amz-date'],
    scope,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const signingKey = scope
    .split('/')
    .reduce<Buffer | string>(
      (from, part) => createHmac('sha256', from).update(part).digest(),
      `AWS4${awsKeys.AWS_SECRET_ACCESS_KEY}`,
    );
  const expected = createHmac('sha256', signingKey).update(toSign).digest('hex');
  return expected === signature ? undefined : 'the signature does not match';
}
