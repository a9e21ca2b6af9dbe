/**
 * Fetches an artifact into a file, going on where a former attempt broke off (RFC 9110, section 14).
 * The file is only as good as its digest, which the caller checks.
 */
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { get as getHttp, type IncomingMessage } from 'node:http';
import { get as getHttps } from 'node:https';
import { rootCertificates } from 'node:tls';
import { type Clock, sleep } from '../../core/clock.js';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { backoffMs } from '../backoff.js';
import { artifactDamaged, downloadFailed, downloadRefused } from './errors.js';

export interface DownloadOptions {
  readonly url: string;
  /** Another URL for the same artifact, when one has run out. @throws when there is none for now. */
  readonly renewUrl: () => Promise<string>;
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
/** What S3 and those like it answer to a presigned URL, or to lent keys behind it, that have run out. */
const refusals: readonly number[] = [400, 401, 403];

/**
 * A presigned URL that has run out is renewed as often as the one before still brought something.
 * @throws DOWNLOAD_FAILED, DOWNLOAD_REFUSED, ARTIFACT_DAMAGED when the server has more than was announced, INTERRUPTED.
 */
export async function download(options: DownloadOptions): Promise<void> {
  const { clock, signal, filePath, sizeBytes } = options;
  let { url } = options;
  for (let fruitless = 0; ; ) {
    const before = await sizeOf(filePath);
    if (before === sizeBytes) return;
    const failure = await attempt({ ...options, url }, before);
    if (failure === undefined) continue;
    fruitless = (await sizeOf(filePath)) > before ? 0 : fruitless + 1;
    if (fruitless >= maxFruitlessAttempts) throw failure;
    const isRefused = failure.code === 'DOWNLOAD_REFUSED';
    if (!failure.retryable && !isRefused) throw failure;
    await sleep(clock, backoffMs(fruitless, 500, 30_000), signal);
    // Used at once: its time runs.
    if (isRefused) url = await renewed(options, url, failure);
  }
}

/** The URL as it was when there is no other for now. @throws `refusal` when the cloud has no other at all. */
async function renewed(options: DownloadOptions, url: string, refusal: GatehouseError): Promise<string> {
  try {
    const fresh = await options.renewUrl();
    if (fresh !== url) return fresh;
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    return url;
  }
  throw refusal;
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

async function fetchRest(options: DownloadOptions, from: number): Promise<void> {
  const { url, filePath, caPem, signal } = options;
  // Opened beforehand: what arrives first must not wait in a stream that may break meanwhile.
  const file = await open(filePath, from > 0 ? 'r+' : 'w', 0o600);
  try {
    const response = await request(url, from, caPem, signal);
    const status = response.statusCode ?? 0;
    if (status !== 200 && status !== 206) {
      response.destroy();
      // What is there does not fit what the server has.
      if (status === 416) await file.truncate();
      if (refusals.includes(status)) throw downloadRefused(status);
      throw downloadFailed(`the server answers ${status}`, status >= 500 || status === 416 || status === 429);
    }
    // A server without ranges sends all of it.
    const start = status === 206 ? from : 0;
    await keep(response, file, start, options);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Each piece is in the file before the next is taken: a broken connection costs none of them. */
async function keep(
  response: IncomingMessage,
  file: FileHandle,
  start: number,
  { sizeBytes, onProgress }: DownloadOptions,
): Promise<void> {
  let bytes = start;
  response.setTimeout(idleLimitMs, () => response.destroy(new Error('the server fell silent')));
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes + chunk.length > sizeBytes) throw artifactDamaged(`it has more than ${sizeBytes} bytes`);
    await file.write(chunk, 0, chunk.length, bytes);
    bytes += chunk.length;
    onProgress(bytes);
  }
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
