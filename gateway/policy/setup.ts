/** How a repository's bucket is to be set up, in the words of the S3 API; and as commands of `aws`. */
import type {
  LifecycleRule,
  ObjectLockConfiguration,
  PublicAccessBlockConfiguration,
  VersioningConfiguration,
} from '@aws-sdk/client-s3';
import type { Wishes } from './documents.js';

export interface BucketSetup {
  readonly versioning: VersioningConfiguration;
  readonly objectLock?: ObjectLockConfiguration;
  /** Ours only; rules of others stay. */
  readonly lifecycle: readonly LifecycleRule[];
  readonly publicAccess?: PublicAccessBlockConfiguration;
}

const nobody: PublicAccessBlockConfiguration = {
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
};

export function setupFor(wishes: Wishes): BucketSetup {
  const { place, lock, dropUploadsDays, dropVersionsDays, mfaDelete, blockPublic } = wishes;
  const prefix = place.prefix === '' ? '' : `${place.prefix}/`;
  return {
    versioning: { Status: 'Enabled', ...(mfaDelete ? { MFADelete: 'Enabled' } : {}) },
    // Without a default rule: what is written says itself until when, and locks of the repository do not.
    ...(lock === undefined ? {} : { objectLock: { ObjectLockEnabled: 'Enabled' } }),
    lifecycle: [
      {
        ID: ruleName(place.prefix),
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: dropUploadsDays },
        NoncurrentVersionExpiration: { NoncurrentDays: dropVersionsDays },
        Expiration: { ExpiredObjectDeleteMarker: true },
      },
    ],
    ...(blockPublic ? { publicAccess: nobody } : {}),
  };
}

function ruleName(prefix: string): string {
  return prefix === '' ? 'gatehouse' : `gatehouse ${prefix}`;
}

/** The same for a shell; a lifecycle given so replaces all rules that the bucket has. */
export function awsCommands(wishes: Wishes): string[] {
  const { versioning, objectLock, lifecycle, publicAccess } = setupFor(wishes);
  const { MFADelete: _mfa, ...plain } = versioning;
  const call = (name: string, option: string, value: unknown) =>
    `aws s3api ${name} --bucket ${wishes.place.bucket} --${option} '${JSON.stringify(value)}'`;
  return [
    call('put-bucket-versioning', 'versioning-configuration', plain),
    ...(objectLock === undefined
      ? []
      : [call('put-object-lock-configuration', 'object-lock-configuration', objectLock)]),
    call('put-bucket-lifecycle-configuration', 'lifecycle-configuration', { Rules: lifecycle }),
    ...(publicAccess === undefined
      ? []
      : [call('put-public-access-block', 'public-access-block-configuration', publicAccess)]),
    ...(wishes.mfaDelete
      ? [`${call('put-bucket-versioning', 'versioning-configuration', versioning)} --mfa 'SERIAL TOKEN'`]
      : []),
  ];
}
