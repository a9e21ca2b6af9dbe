/**
 * Sends an artifact to a bucket with a presigned URL from the backend: the keys of the bucket stay there.
 * An upload that fails leaves nothing behind, since an object appears when it is whole and proven.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { GatehouseError, messageOf } from '../core/errors.js';
import type { ArtifactUpload } from '../core/wire/releases.js';
import type { SignedRelease } from '../core/wire/update.js';

/** Nothing moves for so long: the server, or the way to it, is gone. */
const silenceLimitMs = 60_000;

/**
 * The MD5 of the file in base64, which servers hold an upload to.
 * @throws ARTIFACT_CHANGED when the file is not what was signed.
 */
export async function provenMd5(filePath: string, { sha256, sizeBytes }: SignedRelease): Promise<string> {
  const [digest, md5] = [createHash('sha256'), createHash('md5')];
  let bytes = 0;
  for await (const chunk of createReadStream(filePath)) {
    bytes += (chunk as Buffer).length;
    digest.update(chunk as Buffer);
    md5.update(chunk as Buffer);
  }
  if (bytes !== sizeBytes || digest.digest('hex') !== sha256) throw artifactChanged(filePath);
  return md5.digest('base64');
}

/** @throws UPLOAD_FAILED; then there is no object. */
export async function uploadArtifact(
  filePath: string,
  sizeBytes: number,
  { url, headers }: ArtifactUpload,
): Promise<void> {
  const make = url.startsWith('https:') ? requestHttps : requestHttp;
  const sent = make(url, { method: 'PUT', headers: { ...headers, 'content-length': sizeBytes } });
  sent.setTimeout(silenceLimitMs, () => sent.destroy(new Error('the server fell silent')));
  // Before the body is sent: a server may refuse early, and hang up on the rest.
  const answered = answerTo(sent);
  const streamed = pipeline(createReadStream(filePath), sent);
  streamed.catch(() => {});
  const { status, text } = await answered.catch((error: unknown) => {
    throw uploadFailed(messageOf(error), error);
  });
  if (status >= 300) {
    sent.destroy();
    const code = /<Code>(\w{1,60})<\/Code>/.exec(text)?.[1];
    throw uploadFailed(`the server answers ${status}${code === undefined ? '' : ` ${code}`}`);
  }
  await streamed;
}

function answerTo(sent: ClientRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    sent.on('error', reject);
    sent.on('response', (response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        if (text.length < 4_096) text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status, text }));
    });
  });
}

/** The bucket's server refused it, or cannot be reached from here: see the reason. */
function uploadFailed(reason: string, cause?: unknown): GatehouseError {
  return new GatehouseError('UPLOAD_FAILED', `The artifact did not get into the bucket: ${reason}.`, {
    cause,
    hint: 'Nothing was published; run it again. The server of the bucket must be in reach from here, too.',
  });
}

/** The file was changed after it was signed: sign it again. */
function artifactChanged(filePath: string): GatehouseError {
  return new GatehouseError('ARTIFACT_CHANGED', `${filePath} is not what was signed.`, {
    hint: `Sign it again: gatehouse release sign ${filePath} VERSION --key KEY`,
  });
}
