/**
 * The placeholder of AWS IoT Jobs for a presigned URL, anywhere in a text of a job document:
 * `${aws:iot:s3-presigned-url-v2:https://s3.REGION.amazonaws.com/BUCKET/KEY}`. AWS documents that form
 * now, the one without `-v2` before it, and `BUCKET/KEY` alone in the beginning; all three are read, with
 * the bucket in the host's name, too.
 */
import type { JsonValue } from '../json.js';

/** An object in a bucket of S3, or of what speaks S3. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  /** Undefined where the text names none. */
  readonly region?: string | undefined;
  readonly versionId?: string | undefined;
}

export interface Placeholder {
  /** Where it stands, such as `files[0].url`. */
  readonly path: string;
  /** All of it, as it stands there. */
  readonly text: string;
  /** Or why it means none. */
  readonly object: S3Object | { readonly fault: string };
}

const anyPlaceholder = /\$\{aws:iot:[^}]*\}?/g;
const s3Host =
  /^(?:(.+)\.)?s3(?:[.-](?!accelerate)(?:dualstack\.)?([a-z0-9-]{1,32}))?\.amazonaws\.com(?:\.cn)?$/;
export const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/;
/** S3's limit. */
const maxKeyBytes = 1_024;

/** Every placeholder of AWS IoT's in the texts of a document, malformed ones and foreign kinds, too. */
export function placeholdersIn(value: JsonValue, path = ''): Placeholder[] {
  if (typeof value === 'string') {
    return [...value.matchAll(anyPlaceholder)].map(([text]) => ({ path, text, object: objectOf(text) }));
  }
  if (Array.isArray(value)) return value.flatMap((item, at) => placeholdersIn(item, `${path}[${at}]`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    placeholdersIn(member, path === '' ? name : `${path}.${name}`),
  );
}

/** A copy in which each placeholder that `urls` knows by its text is that URL. */
export function withUrls(value: JsonValue, urls: ReadonlyMap<string, string>): JsonValue {
  if (typeof value === 'string') return value.replace(anyPlaceholder, (text) => urls.get(text) ?? text);
  if (Array.isArray(value)) return value.map((item: JsonValue) => withUrls(item, urls));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withUrls(member, urls)]));
}

/** In the form that AWS documents now; read back by `placeholdersIn`. */
export function placeholderOf({ bucket, key, region }: S3Object): string {
  const host = region === undefined ? 's3.amazonaws.com' : `s3.${region}.amazonaws.com`;
  return `\${aws:iot:s3-presigned-url-v2:https://${host}/${bucket}/${key.split('/').map(encoded).join('/')}}`;
}

/** As the tools of AWS write it: `s3://BUCKET/KEY`. */
export function s3Uri({ bucket, key }: Pick<S3Object, 'bucket' | 'key'>): string {
  return `s3://${bucket}/${key}`;
}

/** Undefined when the text as a whole is not one good placeholder. */
export function placeholderObject(text: string): S3Object | undefined {
  const [only, ...more] = placeholdersIn(text);
  if (only === undefined || more.length > 0 || only.text !== text || 'fault' in only.object) return undefined;
  return only.object;
}

function objectOf(text: string): Placeholder['object'] {
  if (!text.endsWith('}')) return { fault: 'its } is missing' };
  const [, target] = /^\$\{aws:iot:s3-presigned-url(?:-v2)?:(.*)\}$/s.exec(text) ?? [];
  if (target === undefined)
    return { fault: 'only s3-presigned-url and s3-presigned-url-v2 are filled in here' };
  const [, host, place = ''] = /^https:\/\/([^/]*)\/(.*)$/s.exec(target) ?? [undefined, undefined, target];
  const [, inHost, region] = host === undefined ? [] : (s3Host.exec(host) ?? [undefined, undefined, null]);
  if (region === null) return { fault: `"${host}" is no host of S3 such as s3.eu-central-1.amazonaws.com` };
  const [, path = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(place) ?? [];
  const versionId = /^versionId=([A-Za-z0-9._-]{1,1024})$/.exec(query ?? '')?.[1];
  if (query !== undefined && versionId === undefined) return { fault: 'its query is not "versionId=..."' };
  const slash = path.indexOf('/');
  const bucket = inHost ?? path.slice(0, Math.max(0, slash));
  if (!bucketName.test(bucket)) return { fault: `"${bucket}" cannot be a bucket's name` };
  const key = decoded(inHost === undefined ? path.slice(slash + 1) : path);
  if (!isKey(key)) return { fault: 'what follows the bucket is no key in URL encoding' };
  return { bucket, key, region, versionId };
}

/** No steps up: what is allowed below a prefix must lie below it for every server. */
function isKey(key: string | undefined): key is string {
  if (key === undefined || key === '' || Buffer.byteLength(key) > maxKeyBytes) return false;
  // Half a pair of UTF-16 has no encoding in a URL.
  if (/\p{Surrogate}/u.test(key)) return false;
  return !key.split('/').some((segment) => segment === '.' || segment === '..');
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** Everything that S3 wants encoded, and the brace that would end the placeholder. */
function encoded(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
