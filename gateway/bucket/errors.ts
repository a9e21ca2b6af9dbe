/** What can go wrong with a bucket. Foreign errors become one of these at the port. */
import { GatehouseError, messageOf } from '../../core/errors.js';

export interface BucketFault {
  /** The bucket's `location`. */
  readonly location: string;
  /** The server's or the system's own word for it: `NoSuchBucket`, `ECONNREFUSED`. */
  readonly reason?: string;
  readonly cause?: unknown;
  /** The server's own word for how long to wait before the next attempt. */
  readonly retryAfterMs?: number | undefined;
  /** How far this computer's clock is ahead of the server's, where the answer shows it. */
  readonly clockAheadMs?: number | undefined;
}

function contextOf(fault: BucketFault) {
  const { location, reason = null, retryAfterMs } = fault;
  return retryAfterMs === undefined ? { location, reason } : { location, reason, retryAfterMs };
}

function because(fault: BucketFault): string {
  return fault.reason === undefined ? '' : ` (${fault.reason})`;
}

/** No answer: connection refused, name not found, time-out, cut off. The user checks network and endpoint. */
export function bucketUnreachable(fault: BucketFault): GatehouseError {
  return new GatehouseError('BUCKET_UNREACHABLE', `${fault.location} does not answer${because(fault)}.`, {
    retryable: true,
    context: contextOf(fault),
    cause: fault.cause,
    hint: 'Check the endpoint (--endpoint), the network and that the server runs.',
  });
}

/** The bucket or the folder is not there. The user creates it, mounts it, or mends the name. */
export function bucketUnknown(fault: BucketFault, hint?: string): GatehouseError {
  return new GatehouseError('BUCKET_UNKNOWN', `${fault.location} does not exist.`, {
    context: contextOf(fault),
    cause: fault.cause,
    hint: hint ?? 'Check the name and that the disk is mounted; "gatehouse init" creates a new one.',
  });
}

/** The folder is not the one it was when the run began: its disk was unmounted. The user mounts it and runs again. */
export function bucketExchanged(location: string): GatehouseError {
  return new GatehouseError('BUCKET_EXCHANGED', `${location} is no longer the folder that it was.`, {
    context: { location },
    hint: 'Its disk was unmounted or replaced while it was in use: mount it, then run again.',
  });
}

/** The store refuses this user or these keys. The user mends keys, policy or permissions. */
export function bucketDenied(fault: BucketFault, hint?: string): GatehouseError {
  return new GatehouseError('BUCKET_DENIED', `${fault.location} refuses access${because(fault)}.`, {
    context: contextOf(fault),
    cause: fault.cause,
    hint: hint ?? 'Check the access keys and what they permit, or the permissions of the folder.',
  });
}

/** No space or quota is left. The user makes room. */
export function bucketFull(fault: BucketFault): GatehouseError {
  return new GatehouseError('BUCKET_FULL', `${fault.location} is full${because(fault)}.`, {
    context: contextOf(fault),
    cause: fault.cause,
    hint: 'Free space there or raise its quota; "gatehouse prune" removes what no snapshot needs.',
  });
}

/** The server asks for fewer requests or is overloaded. Retried by itself; the user waits. */
export function bucketSlowDown(fault: BucketFault): GatehouseError {
  return new GatehouseError('BUCKET_SLOW_DOWN', `${fault.location} is overloaded${because(fault)}.`, {
    retryable: true,
    context: contextOf(fault),
    cause: fault.cause,
    hint: 'Try again later.',
  });
}

/** This computer's clock is off by more than the server allows. The user sets the clock. */
export function clockSkewed(fault: BucketFault): GatehouseError {
  return new GatehouseError(
    'CLOCK_SKEWED',
    `${fault.location} refuses requests because this computer's clock is ${offBy(fault.clockAheadMs)}.`,
    {
      context: { ...contextOf(fault), clockAheadMs: fault.clockAheadMs ?? null },
      cause: fault.cause,
      hint: 'Set the clock ("timedatectl set-ntp true"); S3 allows a difference of 15 minutes.',
    },
  );
}

function offBy(aheadMs: number | undefined): string {
  if (aheadMs === undefined) return 'wrong';
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  const amount = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `${amount} ${aheadMs > 0 ? 'ahead' : 'behind'}`;
}

/** The object is in an archive class and cannot be read yet. The user has it thawed. */
export function bucketArchived(fault: BucketFault): GatehouseError {
  return new GatehouseError(
    'BUCKET_ARCHIVED',
    `${fault.location}: the object is archived${because(fault)}.`,
    {
      context: contextOf(fault),
      cause: fault.cause,
      hint: 'It must be fetched from the archive first; "gatehouse restore" asks what that costs and does it.',
    },
  );
}

/** A retention lock holds the object. The user waits, or shortens a GOVERNANCE lock with the maintenance keys. */
export function bucketObjectLocked(
  location: string,
  key: string,
  until: string,
  cause?: unknown,
): GatehouseError {
  return new GatehouseError('BUCKET_OBJECT_LOCKED', `${key} in ${location} is locked until ${until}.`, {
    context: { location, key, until },
    cause,
    hint: 'Try again after that time; nobody can delete it before.',
  });
}

/** The past of a store is asked for that keeps none. The user switches versioning on for the future. */
export function versionsUnsupported(location: string): GatehouseError {
  return new GatehouseError('VERSIONS_UNSUPPORTED', `${location} keeps no versions of its objects.`, {
    context: { location },
    hint: 'Only S3 buckets with versioning do; "gatehouse policy apply" switches it on.',
  });
}

/** Something shall be written to a view of the past. A fault of the program, or of a command that writes. */
export function viewIsReadOnly(location: string, key: string): GatehouseError {
  return new GatehouseError('BUCKET_READ_ONLY', `${key} cannot be written: ${location} is shown as it was.`, {
    context: { location, key },
    hint: 'Leave --as-of out, or put the repository back with "gatehouse undelete".',
  });
}

/** What arrived is not what the server says it holds. Fetched again by itself. */
export function damagedOnTheWay(location: string, key: string): GatehouseError {
  return new GatehouseError('BUCKET_FAILED', `${key} from ${location} was damaged on the way.`, {
    retryable: true,
    context: { location, key },
    hint: 'Try again; if it stays so, check the network and the memory of this computer.',
  });
}

/** A stream is longer than 10,000 parts. The user gives larger parts. */
export function tooManyParts(location: string, key: string, partBytes: number): GatehouseError {
  return new GatehouseError(
    'BUCKET_FAILED',
    `${key} does not fit in ${location}: it has more than 10000 parts of ${partBytes} bytes.`,
    { context: { location, key, partBytes }, hint: 'Send it in larger parts.' },
  );
}

/** An object ended before the asked range did: it is damaged or cut short. The user runs "gatehouse check". */
export function bucketShortRead(location: string, key: string, wanted: number, got: number): GatehouseError {
  return new GatehouseError(
    'BUCKET_SHORT_READ',
    `${key} in ${location} is too short: ${got} of ${wanted} bytes.`,
    {
      context: { location, key, wantedBytes: wanted, gotBytes: got },
      hint: 'Run "gatehouse check"; the object may be damaged.',
    },
  );
}

/** Anything else that the store answered. The reason is the store's own; the user looks it up. */
export function bucketFailed(
  fault: BucketFault,
  sentence: string,
  details: { retryable?: boolean; hint?: string } = {},
): GatehouseError {
  return new GatehouseError('BUCKET_FAILED', `${fault.location}: ${sentence}${because(fault)}.`, {
    ...details,
    context: contextOf(fault),
    cause: fault.cause,
  });
}

/** The local file to store changed or shrank while it was sent. The user leaves the cache folder alone. */
export function sourceChanged(filePath: string, wanted: number, got: number): GatehouseError {
  return new GatehouseError(
    'BUCKET_FAILED',
    `${filePath} has ${got} bytes, not the ${wanted} that were to be stored.`,
    {
      context: { filePath, wantedBytes: wanted, gotBytes: got },
      hint: 'Let no other program write to the temporary folder.',
    },
  );
}

/** The local file to store cannot be read. The user checks the temporary folder and its disk. */
export function sourceUnreadable(filePath: string, cause: unknown): GatehouseError {
  return new GatehouseError('BUCKET_FAILED', `Cannot read ${filePath} to store it: ${messageOf(cause)}.`, {
    context: { filePath },
    cause,
    hint: 'Check the temporary folder and its disk.',
  });
}

/** The bucket was closed while or before the call ran. A fault of the program, not of the user. */
export function bucketClosed(location: string): GatehouseError {
  return new GatehouseError('BUCKET_CLOSED', `${location} was closed.`, { context: { location } });
}

/** Backblaze does not say where the bucket of these keys is. The user gives the endpoint or mends the keys. */
export function endpointUnknown(location: string, problem: string, cause?: unknown): GatehouseError {
  return new GatehouseError(
    'BUCKET_DENIED',
    `Cannot ask Backblaze for the endpoint of ${location}: ${problem}.`,
    {
      context: { location },
      cause,
      hint: 'Give --region (as us-west-004) or --endpoint https://s3.REGION.backblazeb2.com, or check the keys.',
    },
  );
}

/** The text names no store that Gatehouse knows. The user writes it in one of the forms of the hint. */
export function locationMalformed(text: string, problem: string): GatehouseError {
  return new GatehouseError('LOCATION_MALFORMED', `"${text}" is not a repository location: ${problem}.`, {
    context: { text },
    hint: 'Write s3://BUCKET/PREFIX, gs:// or b2://, s3:https://HOST/BUCKET/PREFIX, file:///FOLDER or the path of a folder.',
  });
}
