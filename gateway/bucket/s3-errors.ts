/** Translates what the AWS SDK, S3 servers and the network say into bucket errors. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import {
  type BucketFault,
  bucketArchived,
  bucketDenied,
  bucketFailed,
  bucketFull,
  bucketSlowDown,
  bucketUnknown,
  bucketUnreachable,
  clockSkewed,
} from './errors.js';

type Leaf = (fault: BucketFault) => GatehouseError;

const retryLater: Leaf = (fault) =>
  bucketFailed(fault, 'the server could not store the object', { retryable: true });

/** S3's error codes, AWS's and those of common servers. */
const leaves: Readonly<Record<string, Leaf>> = {
  NoSuchBucket: (fault) => bucketUnknown(fault),
  AccessDenied: (fault) => bucketDenied(fault),
  AllAccessDisabled: (fault) => bucketDenied(fault),
  AccountProblem: (fault) => bucketDenied(fault),
  InvalidAccessKeyId: (fault) => bucketDenied(fault, 'The server does not know this access key id.'),
  SignatureDoesNotMatch: (fault) => bucketDenied(fault, 'Check the secret access key.'),
  AuthorizationHeaderMalformed: (fault) => bucketDenied(fault, 'Check the region (--region).'),
  ExpiredToken: (fault) => bucketDenied(fault, 'The temporary credentials have expired; get new ones.'),
  InvalidToken: (fault) => bucketDenied(fault, 'Check the session token.'),
  CredentialsProviderError: (fault) =>
    bucketDenied(fault, 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ~/.aws/credentials.'),
  RequestTimeTooSkewed: clockSkewed,
  RequestExpired: clockSkewed,
  SlowDown: bucketSlowDown,
  ServiceUnavailable: bucketSlowDown,
  Throttling: bucketSlowDown,
  ThrottlingException: bucketSlowDown,
  TooManyRequests: bucketSlowDown,
  RequestLimitExceeded: bucketSlowDown,
  RequestTimeout: bucketUnreachable,
  TimeoutError: bucketUnreachable,
  QuotaExceeded: bucketFull,
  InsufficientCapacity: bucketFull,
  XMinioStorageFull: bucketFull,
  InvalidObjectState: bucketArchived,
  BadDigest: retryLater,
  XAmzContentSHA256Mismatch: retryLater,
  PreconditionFailed: (fault) => bucketFailed(fault, 'the object was replaced while it was read'),
  IncompleteBody: retryLater,
  InternalError: retryLater,
  OperationAborted: retryLater,
  PermanentRedirect: (fault) =>
    bucketFailed(fault, 'the bucket is in another region', { hint: 'Give its region with --region.' }),
};

const leafByReason = new Map(Object.entries(leaves));

const leafByStatus: Readonly<Record<number, Leaf>> = {
  401: (fault) => bucketDenied(fault),
  403: (fault) => bucketDenied(fault),
  404: (fault) =>
    bucketFailed(fault, 'what answers there is no S3 server', { hint: 'Check the endpoint (--endpoint).' }),
  408: bucketUnreachable,
  412: (fault) => bucketFailed(fault, 'the object was replaced while it was read'),
  429: bucketSlowDown,
  500: retryLater,
  502: bucketUnreachable,
  503: bucketSlowDown,
  504: bucketUnreachable,
  507: bucketFull,
};

const networkReasons = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** Maps an error of the SDK; one that is ours already stays as it is. `nowMs` is the wall clock. */
export function s3Fault(cause: unknown, location: string, nowMs?: number): GatehouseError {
  if (cause instanceof GatehouseError) return cause;
  const name = cause instanceof Error ? cause.name : '';
  const code = systemCode(cause);
  const details = { location, cause, ...answerDetails(cause, nowMs) };
  const reason = [name, code].find((word) => word !== undefined && leafByReason.has(word));
  const known = reason === undefined ? undefined : leafByReason.get(reason);
  if (known !== undefined) return known({ ...details, ...(reason === undefined ? {} : { reason }) });
  if (code !== undefined && networkReasons.has(code)) return bucketUnreachable({ ...details, reason: code });
  if (code !== undefined && isTls(code)) return tlsFault({ ...details, reason: code });
  const status = statusOf(cause);
  const leaf = status === undefined ? undefined : leafByStatus[status];
  if (leaf !== undefined) return leaf({ ...details, reason: `HTTP ${status}` });
  return bucketFailed({ ...details, ...(name === 'Error' ? {} : { reason: name }) }, messageOf(cause));
}

/** What the answer's headers say about when to come back and what time it is. */
function answerDetails(cause: unknown, nowMs: number | undefined) {
  const headers = headersOf(cause);
  const serverMs = Date.parse(headers['date'] ?? '');
  const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs);
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(nowMs === undefined || Number.isNaN(serverMs) ? {} : { clockAheadMs: nowMs - serverMs }),
  };
}

/** Milliseconds from seconds or an HTTP date; undefined for anything else. */
export function parseRetryAfter(text: string | undefined, nowMs: number | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const dueMs = Date.parse(text);
  if (Number.isNaN(dueMs) || nowMs === undefined) return undefined;
  return Math.max(0, dueMs - nowMs);
}

function headersOf(cause: unknown): Readonly<Record<string, string | undefined>> {
  if (typeof cause !== 'object' || cause === null || !('$response' in cause)) return {};
  const response = cause.$response;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return {};
  return response.headers as Record<string, string | undefined>;
}

/** Is this the answer for an object that does not exist (and not for a bucket that does not)? */
export function isAbsent(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return cause.name === 'NoSuchKey' || cause.name === 'NotFound';
}

function statusOf(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null || !('$metadata' in cause)) return undefined;
  const metadata = cause.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function isTls(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO)/.test(code);
}

function tlsFault(fault: BucketFault): GatehouseError {
  return bucketFailed(fault, 'no trusted TLS connection', {
    hint: 'Set NODE_EXTRA_CA_CERTS to the server\'s CA file, or mend the endpoint ("http://" for a server without TLS).',
  });
}
