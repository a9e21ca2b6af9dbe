/**
 * What two sets of keys may do with a repository's bucket, as IAM reads it. The everyday one only
 * adds: a thief who has it can neither delete nor configure. Knows nothing of a live bucket.
 */
import type { S3Location } from '../bucket/location.js';
import type { LockRule } from '../bucket/object-lock.js';

export interface Wishes {
  readonly place: S3Location;
  /** None when objects are not to be locked. */
  readonly lock?: LockRule | undefined;
  /** Uploads that were not finished are dropped after so many days. */
  readonly dropUploadsDays: number;
  /** Versions that were overwritten or deleted go after so many days. */
  readonly dropVersionsDays: number;
  /** Permanent deletes want the token of a device; only the account's root user can switch it on. */
  readonly mfaDelete: boolean;
  /** Not for Ceph 16, which then refuses every upload of other users. */
  readonly blockPublic: boolean;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** For the machine that makes the backups. */
export function everydayPolicy(wishes: Wishes): PolicyDocument {
  const { lock } = wishes;
  return documentOf([
    listing(wishes, ['s3:ListBucket', 's3:ListBucketMultipartUploads']),
    onBucket('Region', wishes, ['s3:GetBucketLocation', 's3:GetBucketVersioning']),
    onObjects('AddAndRead', wishes, '*', ['s3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts']),
    onObjects('GiveUpLocks', wishes, 'locks/*', ['s3:DeleteObject']),
    ...(lock === undefined ? [] : lengthening(wishes, lock)),
  ]);
}

/** For the person who prunes, recovers and sets the bucket up; kept elsewhere. */
export function maintenancePolicy(wishes: Wishes): PolicyDocument {
  return documentOf([
    listing(wishes, ['s3:ListBucket', 's3:ListBucketVersions', 's3:ListBucketMultipartUploads']),
    onBucket('SetUp', wishes, [
      's3:GetBucketLocation',
      's3:GetBucketVersioning',
      's3:PutBucketVersioning',
      's3:GetBucketObjectLockConfiguration',
      's3:PutBucketObjectLockConfiguration',
      's3:GetLifecycleConfiguration',
      's3:PutLifecycleConfiguration',
      's3:GetBucketPublicAccessBlock',
      's3:PutBucketPublicAccessBlock',
    ]),
    onObjects('Everything', wishes, '*', [
      's3:GetObject',
      's3:GetObjectVersion',
      's3:PutObject',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:AbortMultipartUpload',
      's3:ListMultipartUploadParts',
      's3:RestoreObject',
      's3:GetObjectRetention',
      's3:PutObjectRetention',
      ...(wishes.lock?.mode === 'GOVERNANCE' ? ['s3:BypassGovernanceRetention'] : []),
    ]),
  ]);
}

/** A lock can be set and made longer, up to its days and one more: not to hold garbage for a century. */
function lengthening(wishes: Wishes, lock: LockRule): Statement[] {
  const statement = onObjects('Lock', wishes, '*', ['s3:PutObjectRetention']);
  const atMost = { 's3:object-lock-remaining-retention-days': String(lock.days + 1) };
  return [
    { ...statement, Condition: { NumericLessThanEquals: atMost } },
    onObjects('SeeLocks', wishes, '*', ['s3:GetObjectRetention']),
  ];
}

/**
 * `IfExists`, since a look at an object that is absent counts as listing without a prefix: refused, it
 * would be an error in place of "not there". Names elsewhere in the bucket can be seen, no contents.
 */
function listing({ place }: Wishes, actions: readonly string[]): Statement {
  const statement = { Sid: 'List', Effect: 'Allow', Action: actions, Resource: [bucketArn(place)] } as const;
  if (place.prefix === '') return statement;
  return {
    ...statement,
    Condition: { StringLikeIfExists: { 's3:prefix': [place.prefix, `${place.prefix}/*`] } },
  };
}

function onBucket(Sid: string, { place }: Wishes, Action: readonly string[]): Statement {
  return { Sid, Effect: 'Allow', Action, Resource: [bucketArn(place)] };
}

function onObjects(Sid: string, { place }: Wishes, below: string, Action: readonly string[]): Statement {
  const top = place.prefix === '' ? '' : `${place.prefix}/`;
  return { Sid, Effect: 'Allow', Action, Resource: [`${bucketArn(place)}/${top}${below}`] };
}

function bucketArn({ bucket }: S3Location): string {
  return `arn:aws:s3:::${bucket}`;
}

function documentOf(Statement: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement };
}
