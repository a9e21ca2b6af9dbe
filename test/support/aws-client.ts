/** A small signer of its own for requests as the SDKs of AWS send them (Signature Version 4). */
import { createHash, createHmac } from 'node:crypto';
import { request } from 'node:http';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface AwsAnswer {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly body: Record<string, unknown>;
}

export interface AwsCall {
  readonly body?: unknown;
  readonly date?: Date;
  readonly region?: string;
  readonly service?: string;
  /** After signing. */
  readonly tamper?: (headers: Record<string, string>) => Record<string, string | undefined>;
  /** Instead of the one that was signed. */
  readonly sentBody?: string;
  readonly sentPath?: string;
  readonly extraSigned?: Record<string, string>;
}

/** `path` is as it goes over the wire, with its query. */
export type AwsClient = (method: string, path: string, call?: AwsCall) => Promise<AwsAnswer>;

export function awsClient(url: string, { accessKeyId, secretAccessKey }: Credentials): AwsClient {
  const { host } = new URL(url);
  return async (method, path, call = {}) => {
    const { body, date = new Date(), region = 'us-west-2', service = 'iot1click' } = call;
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    const stamp = date.toISOString().replace(/[-:]|\.\d{3}/g, '');
    const headers: Record<string, string> = { host, 'x-amz-date': stamp, ...call.extraSigned };
    const names = Object.keys(headers).sort();
    const [rawPath = '', query = ''] = path.split('?');
    const canonical = [
      method,
      rawPath.split('/').map(encode).join('/'),
      query.split('&').filter(Boolean).sort().join('&'),
      ...names.map((name) => `${name}:${headers[name]!.trim().replace(/ +/g, ' ')}`),
      '',
      names.join(';'),
      sha256(text),
    ].join('\n');
    const scope = [stamp.slice(0, 8), region, service, 'aws4_request'];
    const toSign = ['AWS4-HMAC-SHA256', stamp, scope.join('/'), sha256(canonical)].join('\n');
    const key = scope.reduce<Buffer>((k, part) => hmac(k, part), Buffer.from(`AWS4${secretAccessKey}`));
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope.join('/')}, ` +
      `SignedHeaders=${names.join(';')}, Signature=${hmac(key, toSign).toString('hex')}`;
    const sent = Object.entries(call.tamper?.(headers) ?? headers);
    const present = sent.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return send(url, method, call.sentPath ?? path, Object.fromEntries(present), call.sentBody ?? text);
  };
}

/** `fetch` would set headers of its own and tidy the path. */
export function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
): Promise<AwsAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        const errorType = response.headers['x-amzn-errortype'] as string | undefined;
        resolve({ status: response.statusCode ?? 0, errorType, body: text === '' ? {} : JSON.parse(text) });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function encode(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
