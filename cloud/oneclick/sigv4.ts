/**
 * Verifies AWS Signature Version 4 on requests with an `Authorization` header, as the SDKs and the CLI
 * of AWS send them. The steps and names are those of "Create a signed AWS API request" (IAM user guide).
 * Invariant: nothing is taken from a request before its signature holds.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../core/secret.js';
import { signatureIncomplete, signatureInvalid, tokenRefused } from './errors.js';

/** A request as it came over the wire: nothing decoded, nothing normalised. */
export interface SignedRequest {
  readonly method: string;
  /** Path with its percent-encoding, without the query. */
  readonly rawPath: string;
  /** Without the question mark; empty for none. */
  readonly rawQuery: string;
  /** All values of a header, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly headerNames: readonly string[];
  readonly body: Uint8Array;
}

export interface Authorization {
  readonly accessKeyId: string;
  /** `YYYYMMDD`, region, service, `aws4_request`. */
  readonly scope: readonly [string, string, string, string];
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = 'AWS4-HMAC-SHA256';
/** Both services sign with this name. */
export const signingName = 'iot1click';
/** How far a client's clock may be off, as AWS has it. */
const maxSkewMs = 300_000;

export function isSigned(authorization: string | undefined): boolean {
  return authorization?.startsWith(algorithm) ?? false;
}

/** @throws ONECLICK_SIGNATURE_INCOMPLETE */
export function parseAuthorization(text: string): Authorization {
  const parts = new Map(
    text
      .slice(algorithm.length)
      .split(',')
      .map((part) => part.trim().split('=', 2) as [string, string | undefined]),
  );
  const [accessKeyId, ...scope] = (parts.get('Credential') ?? '').split('/');
  const signedHeaders = (parts.get('SignedHeaders') ?? '').split(';');
  const signature = parts.get('Signature') ?? '';
  if (!accessKeyId || scope.length !== 4 || !/^[0-9a-f]{64}$/.test(signature)) throw signatureIncomplete();
  return {
    accessKeyId,
    scope: scope as unknown as Authorization['scope'],
    signedHeaders,
    signature,
  };
}

/** @throws ONECLICK_SIGNATURE_INVALID, ONECLICK_SIGNATURE_INCOMPLETE, ONECLICK_TOKEN_REFUSED */
export function verifySignature(
  request: SignedRequest,
  authorization: Authorization,
  secret: Secret,
  nowMs: number,
): void {
  if (request.header('x-amz-security-token') !== undefined) throw tokenRefused();
  const { scope, signedHeaders } = authorization;
  const [date, , service, terminator] = scope;
  if (service !== signingName || terminator !== 'aws4_request') {
    throw signatureInvalid(`the credential is for ${service}/${terminator}, not for ${signingName}`);
  }
  requireSigned(request, signedHeaders);
  const timestamp = request.header('x-amz-date') ?? '';
  checkTime(timestamp, date, nowMs);
  const payloadHash = sha256(request.body);
  const claimedHash = request.header('x-amz-content-sha256');
  if (claimedHash !== undefined && claimedHash !== payloadHash) {
    throw signatureInvalid('the body does not have the digest of "x-amz-content-sha256"');
  }
  const canonical = [
    request.method,
    canonicalPath(request.rawPath),
    canonicalQuery(request.rawQuery),
    ...signedHeaders.map((name) => `${name}:${canonicalValue(request.header(name) ?? '')}`),
    '',
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const stringToSign = [algorithm, timestamp, scope.join('/'), sha256(canonical)].join('\n');
  const expected = hmac(signingKey(secret, scope), stringToSign);
  // `signature` is 64 hexadecimal digits: parseAuthorization saw to it.
  if (!timingSafeEqual(expected, Buffer.from(authorization.signature, 'hex'))) {
    throw signatureInvalid('the request or the secret access key is not the one that was signed with');
  }
}

/** What could change the meaning of a request has to be under the signature. */
function requireSigned(request: SignedRequest, signedHeaders: readonly string[]): void {
  const signed = new Set(signedHeaders);
  const sorted = [...signed].sort();
  if (sorted.length !== signedHeaders.length || sorted.some((name, i) => name !== signedHeaders[i])) {
    throw signatureIncomplete();
  }
  for (const name of ['host', 'x-amz-date']) if (!signed.has(name)) throw signatureIncomplete();
  const unsigned = request.headerNames.find((name) => name.startsWith('x-amz-') && !signed.has(name));
  if (unsigned !== undefined) throw signatureInvalid(`the header "${unsigned}" is not signed`);
}

/** The scope's day must be the timestamp's, and the timestamp near the present. */
function checkTime(timestamp: string, date: string, nowMs: number): void {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (match === null || !timestamp.startsWith(date) || date.length !== 8) throw signatureIncomplete();
  const [, year, month, day, hour, minute, second] = match;
  const signedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(signedMs)) throw signatureIncomplete();
  if (Math.abs(nowMs - signedMs) > maxSkewMs) {
    throw signatureInvalid(
      `Signature expired: it was made at ${timestamp}, and it is ${new Date(nowMs).toISOString()} here`,
    );
  }
}

/** Services other than S3 sign the path that they send, encoded once more. */
function canonicalPath(rawPath: string): string {
  return rawPath.split('/').map(encode).join('/') || '/';
}

function canonicalQuery(rawQuery: string): string {
  if (rawQuery === '') return '';
  return queryPairs(rawQuery)
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Decodes a query; a plus sign is a plus sign, as in the signature. @throws ONECLICK_SIGNATURE_INCOMPLETE */
export function queryPairs(rawQuery: string): [string, string][] {
  return rawQuery
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw signatureIncomplete();
  }
}

/** RFC 3986: all but letters, digits and `-._~`. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function canonicalValue(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}

function signingKey(secret: Secret, scope: readonly string[]): Buffer {
  return scope.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret.reveal()}`, 'utf8'));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'utf8').digest();
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
