/** Where a bucket or a repository is, as gsutil and restic write it. Opens nothing. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { locationMalformed } from './errors.js';

interface DirectoryLocation {
  readonly kind: 'directory';
  /** Absolute. */
  readonly path: string;
}

export interface S3Location {
  readonly kind: 's3';
  readonly bucket: string;
  /** Without slashes at either end; empty for the top of the bucket. */
  readonly prefix: string;
  /** Origin such as `https://minio.home:9000`, when the text names a server other than AWS. */
  readonly endpoint?: string;
  /** When the text names a region of AWS. */
  readonly region?: string;
  /** As it was written, for Google and Backblaze; `b2` has no endpoint until the keys' own is asked for. */
  readonly scheme?: 'gs' | 'b2';
}

const endpoints = { gs: 'https://storage.googleapis.com', b2: undefined } as const;

export type Location = DirectoryLocation | S3Location;

/** @throws LOCATION_MALFORMED naming what is accepted. */
export function parseLocation(text: string): Location {
  const trimmed = text.trim();
  if (trimmed === '') throw locationMalformed(text, 'it is empty');
  if (trimmed.startsWith('s3://')) return s3Location(text, trimmed.slice('s3://'.length));
  const [, named, rest] = /^(gs|b2):(?:\/\/)?(.*)$/.exec(trimmed) ?? [];
  // restic writes "b2:bucket:folder" and "gs:bucket:/folder".
  if (rest !== undefined)
    return schemeLocation(text, named as 'gs' | 'b2', rest.replace(/^([^/:]+):\/?/, '$1/'));
  if (trimmed.startsWith('s3:')) return resticS3Location(text, trimmed.slice('s3:'.length));
  if (trimmed.startsWith('file:')) return fileLocation(text, trimmed);
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(trimmed)?.[1];
  if (scheme !== undefined) throw locationMalformed(text, `"${scheme}:" is not supported`);
  return { kind: 'directory', path: resolve(trimmed) };
}

/** The location as text: for messages, and accepted again by `parseLocation`. */
export function formatLocation(location: Location): string {
  if (location.kind === 'directory') return location.path;
  return `${location.scheme ?? 's3'}://${location.bucket}${location.prefix === '' ? '' : `/${location.prefix}`}`;
}

function fileLocation(text: string, url: string): DirectoryLocation {
  try {
    return { kind: 'directory', path: fileURLToPath(url) };
  } catch {
    throw locationMalformed(text, 'a file: location wants three slashes and a full path');
  }
}

function s3Location(text: string, rest: string): S3Location {
  const [bucket = '', ...segments] = rest.split('/');
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/.test(bucket)) {
    throw locationMalformed(text, `"${bucket}" cannot be a bucket's name`);
  }
  const prefix = segments.filter((segment) => segment !== '');
  if (prefix.includes('..') || prefix.includes('.')) {
    throw locationMalformed(text, 'the prefix holds "." or ".."');
  }
  return { kind: 's3', bucket, prefix: prefix.join('/') };
}

function schemeLocation(text: string, scheme: 'gs' | 'b2', rest: string): S3Location {
  const endpoint = endpoints[scheme];
  return { ...s3Location(text, rest), scheme, ...(endpoint === undefined ? {} : { endpoint }) };
}

function resticS3Location(text: string, rest: string): S3Location {
  const [, scheme = 'https://', host = '', path = ''] = /^(https?:\/\/)?([^/]*)\/?(.*)$/.exec(rest) ?? [];
  if (host.includes('@')) throw locationMalformed(text, 'keys do not belong in a location');
  const origin = URL.canParse(scheme + host) ? new URL(scheme + host).origin : undefined;
  if (origin === undefined) throw locationMalformed(text, `"${host}" is not a host`);
  const aws = /^s3(?:[.-]([a-z0-9-]+))?\.amazonaws\.com$/.exec(host);
  const place = s3Location(text, path);
  if (aws === null) return { ...place, endpoint: origin };
  return aws[1] === undefined ? place : { ...place, region: aws[1] };
}
