/**
 * Compares a live bucket with the set-up that is wanted, and sets what differs. The differences are
 * the plan. What the keys may not see or the server does not know is told as such, not guessed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { GatehouseError, hasCode } from '../../core/errors.js';
import type { CallOptions } from '../bucket/bucket.js';
import type { S3Connection } from '../bucket/s3-connection.js';
import type { BucketSetup } from './setup.js';

export type SettingName = 'versioning' | 'object-lock' | 'lifecycle' | 'public-access';

/** `as-wanted`; `differs`: can be set; `hidden`: these keys may not look; `unsupported`: the server has no such thing. */
export type SettingState = 'as-wanted' | 'differs' | 'hidden' | 'unsupported';

export interface Setting {
  readonly name: SettingName;
  readonly state: SettingState;
  readonly found: unknown;
  readonly wanted: unknown;
}

export interface ApplyOptions extends CallOptions {
  /** `SERIAL TOKEN` of the account's device. */
  readonly mfa?: string;
}

type Found = { readonly value: unknown } | 'hidden' | 'unsupported';

/** In the order in which they are to be set. */
export async function compareSetup(
  connection: S3Connection,
  setup: BucketSetup,
  options: CallOptions,
): Promise<Setting[]> {
  const settings = [
    await settingOf('versioning', setup.versioning, versioning(connection, options)),
    ...(setup.objectLock === undefined
      ? []
      : [await settingOf('object-lock', setup.objectLock, objectLock(connection, options))]),
    await settingOf('lifecycle', setup.lifecycle, lifecycle(connection, options)),
    ...(setup.publicAccess === undefined
      ? []
      : [await settingOf('public-access', setup.publicAccess, publicAccess(connection, options))]),
  ];
  return settings;
}

async function settingOf(name: SettingName, wanted: unknown, look: Promise<unknown>): Promise<Setting> {
  const found = await look.then((value): Found => ({ value }), whyNot);
  if (found === 'hidden' || found === 'unsupported') return { name, state: found, found: null, wanted };
  const isAsWanted =
    name === 'lifecycle'
      ? hasRules(found.value as LifecycleRule[], wanted as LifecycleRule[])
      : holds(found.value, wanted);
  return { name, state: isAsWanted ? 'as-wanted' : 'differs', found: found.value ?? null, wanted };
}

/** @throws what is neither a refusal nor ignorance. */
function whyNot(error: unknown): Found {
  if (hasCode(error, 'BUCKET_DENIED')) return 'hidden';
  const name = reasonOf(error);
  const absent = [
    'NoSuchLifecycleConfiguration',
    'NoSuchPublicAccessBlockConfiguration',
    'ObjectLockConfigurationNotFoundError',
    'NoSuchObjectLockConfiguration',
  ];
  if (absent.includes(name)) return { value: undefined };
  if (['NotImplemented', 'MethodNotAllowed', 'InvalidRequest', 'InvalidArgument'].includes(name))
    return 'unsupported';
  throw error;
}

function reasonOf(error: unknown): string {
  return error instanceof GatehouseError && error.cause instanceof Error ? error.cause.name : '';
}

async function versioning(connection: S3Connection, options: CallOptions) {
  const { sdk, client, place } = connection;
  const command = new sdk.GetBucketVersioningCommand({ Bucket: place.bucket });
  const { Status, MFADelete } = await connection.call(options, (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  return { ...(Status === undefined ? {} : { Status }), ...(MFADelete === 'Enabled' ? { MFADelete } : {}) };
}

async function objectLock(connection: S3Connection, options: CallOptions) {
  const { sdk, client, place } = connection;
  const command = new sdk.GetObjectLockConfigurationCommand({ Bucket: place.bucket });
  const answer = await connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
  return answer.ObjectLockConfiguration;
}

async function lifecycle(connection: S3Connection, options: CallOptions) {
  const { sdk, client, place } = connection;
  const command = new sdk.GetBucketLifecycleConfigurationCommand({ Bucket: place.bucket });
  const answer = await connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
  return answer.Rules ?? [];
}

async function publicAccess(connection: S3Connection, options: CallOptions) {
  const { sdk, client, place } = connection;
  const command = new sdk.GetPublicAccessBlockCommand({ Bucket: place.bucket });
  const answer = await connection.call(options, (abortSignal) => client.send(command, { abortSignal }));
  return answer.PublicAccessBlockConfiguration;
}

/** Every property of `wanted` has its value in `found`; more in `found` is no difference. */
function holds(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return isDeepStrictEqual(found, wanted);
  if (typeof found !== 'object' || found === null) return false;
  const values = found as Record<string, unknown>;
  return Object.entries(wanted).every(([key, value]) => holds(values[key], value));
}

function hasRules(found: readonly LifecycleRule[] = [], wanted: readonly LifecycleRule[]): boolean {
  return wanted.every((rule) => found.some((one) => one.Status === 'Enabled' && holds(one, rule)));
}

/** Sets one that differs. @throws BUCKET_DENIED and the bucket's other errors. */
export async function applySetting(
  connection: S3Connection,
  setup: BucketSetup,
  setting: Setting,
  options: ApplyOptions,
): Promise<void> {
  const { sdk, client, place } = connection;
  const { bucket: Bucket } = place;
  await connection.call(options, async (abortSignal) => {
    const how = { abortSignal };
    if (setting.name === 'versioning') {
      const mfa = options.mfa === undefined ? {} : { MFA: options.mfa };
      const VersioningConfiguration = setup.versioning;
      await client.send(new sdk.PutBucketVersioningCommand({ Bucket, VersioningConfiguration, ...mfa }), how);
    } else if (setting.name === 'object-lock') {
      const ObjectLockConfiguration = setup.objectLock;
      await client.send(new sdk.PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }), how);
    } else if (setting.name === 'lifecycle') {
      const LifecycleConfiguration = { Rules: rulesWith(setting.found as LifecycleRule[] | null, setup) };
      const input = { Bucket, LifecycleConfiguration };
      await client.send(new sdk.PutBucketLifecycleConfigurationCommand(input), how);
    } else {
      const PublicAccessBlockConfiguration = setup.publicAccess;
      await client.send(new sdk.PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }), how);
    }
  });
}

/** Setting the lifecycle replaces all of it: rules of others are given again. */
function rulesWith(found: readonly LifecycleRule[] | null, setup: BucketSetup): LifecycleRule[] {
  const ours = new Set(setup.lifecycle.map(({ ID }) => ID));
  return [...(found ?? []).filter(({ ID }) => !ours.has(ID)), ...setup.lifecycle];
}
