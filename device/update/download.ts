/**
 * Fetches an artifact into a file, going on where a former attempt broke off (RFC 9110, section 14).
 * The file is only as good as its digest, which the caller checks.
 */
import { createWriteStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { rootCertificates } from 'node:tls';
import { type Clock, sleep } from '../../core/clock.js';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { backoffMs } from '../backoff.js';
import { artifactDamaged, downloadFailed } from './errors.js';

export interface DownloadOptions {
  readonly url: string;
  readonly filePath: string;
  /** Of the whole artifact. */
  readonly sizeBytes: number;
  /** Trusted besides the public authorities. */
  readonly caPem: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** With the bytes that are there. */
  readonly onProgress: (bytes: number) => void;
}

const idleLimitMs = 30_000;
const maxFruitlessAttempts = 8;

/** @throws DOWNLOAD_FAILED, ARTIFACT_DAMAGED when the server has more than was announced, INTERRUPTED. */
export async function download(options: DownloadOptions): Promise<void> {
  const { clock, signal, filePath, sizeBytes } = options;
  for (let fruitless = 0; ; ) {
    const before = await sizeOf(filePath);
    if (before === sizeBytes) return;
    const failure = await attempt(options, before);
    if (failure === undefined) continue;
    fruitless = (await sizeOf(filePath)) > before ? 0 : fruitless + 1;
    if (!failure.retryable || fruitless >= maxFruitlessAttempts) throw failure;
    await sleep(clock, backoffMs(fruitless, 500, 30_000), signal);
  }
}

/** Why it did not go through; undefined when it did. */
async function attempt(options: DownloadOptions, before: number): Promise<GatehouseError | undefined> {
  const isTooLong = before > options.sizeBytes;
  try {
    if (isTooLong) await rm(options.filePath);
    await fetchRest(options, isTooLong ? 0 : before);
    return undefined;
  } catch (error) {
    return error instanceof GatehouseError ? error : downloadFailed(messageOf(error), true, error);
  }
}

async function fetchRest(
  { url, filePath, sizeBytes, caPem, signal, onProgress }: DownloadOptions,
  from: number,
) {
  const response = await request(url, from, caPem, signal);
  const status = response.statusCode ?? 0;
  // A server without ranges sends all of it.
  const start = status === 206 ? from : 0;
  if (status !== 200 && status !== 206) {
    response.destroy();
    if (status === 416) await rm(filePath, { force: true });
    throw downloadFailed(`the server answers ${status}`, status >= 500 || status === 416 || status === 429);
  }
  let bytes = start;
  const file = createWriteStream(filePath, { flags: start > 0 ? 'r+' : 'w', start, mode: 0o600 });
  response.setTimeout(idleLimitMs, () => response.destroy(new Error('the server fell silent')));
  await pipeline(
    response,
    async function* count(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        bytes += chunk.length;
        if (bytes > sizeBytes) throw artifactDamaged(`it has more than ${sizeBytes} bytes`);
        yield chunk;
        onProgress(bytes);
      }
    },
    file,
    { signal },
  );
  await flush(filePath);
  if (bytes < sizeBytes) throw downloadFailed(`it ended after ${bytes} of ${sizeBytes} bytes`, true);
}

function request(url: string, from: number, caPem: string, signal: AbortSignal): Promise<IncomingMessage> {
  const headers = from > 0 ? { range: `bytes=${from}-` } : {};
  return new Promise((resolve, reject) => {
    const secure = url.startsWith('https:');
    const sent = secure
      ? getHttps(url, { headers, signal, ca: [...rootCertificates, caPem] }, resolve)
      : getHttp(url, { headers, signal }, resolve);
    sent.setTimeout(idleLimitMs, () => sent.destroy(new Error('the server does not answer')));
    sent.on('error', reject);
  });
}

async function sizeOf(filePath: string): Promise<number> {
  return stat(filePath).then(
    ({ size }) => size,
    () => 0,
  );
}

async function flush(filePath: string): Promise<void> {
  const handle = await open(filePath, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
