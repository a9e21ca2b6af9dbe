/**
 * Makes the AWS client: loaded only when an S3 bucket is opened, silent, without retries of its
 * own (the retrying wrapper has them), with limits on every wait.
 */
import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { withoutNodeWarning } from '../../core/sdk-warning.js';
import { type AccessKeys, type CredentialFiles, readCredentialFiles } from '../security/credential-files.js';
import type { S3Location } from './location.js';
import { providerOf, regionOf } from './providers.js';

export type S3Module = typeof import('@aws-sdk/client-s3');

export interface S3ClientOptions {
  /** Origin of a server other than AWS, such as `https://minio.home:9000`. */
  readonly endpoint?: string | undefined;
  /** Else the AWS profile's or the environment's (`AWS_REGION`), else the provider's usual one. */
  readonly region?: string | undefined;
  /** The bucket's name in the path and not in the host name. Default: as the provider likes it. */
  readonly pathStyle?: boolean | undefined;
  /** A connection on which nothing moves for so long is dead; 120 s unless told. */
  readonly silenceLimitMs?: number;
  /** Else the chain that every AWS tool has: environment, ~/.aws, container, instance. */
  readonly credentialFiles?: CredentialFiles | undefined;
  /** Name of a section in ~/.aws, in place of AWS_PROFILE and the environment's keys. */
  readonly profile?: string | undefined;
  /** Whose connections are used; the client closes them with itself. Else the SDK's own. */
  readonly agents?: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } | undefined;
  /** Instead of any of these. */
  readonly keys?: AccessKeys | undefined;
}

const connectLimitMs = 15_000;
/** A slow server may take a while to store a pack. */
const silenceLimitMs = 120_000;

const quiet = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

export async function loadS3(): Promise<S3Module> {
  return await import('@aws-sdk/client-s3');
}

/** @throws system errors when a credential file cannot be read. */
export async function createS3Client(
  sdk: S3Module,
  location: S3Location,
  options: S3ClientOptions,
): Promise<S3Client> {
  const endpoint = options.endpoint ?? location.endpoint;
  const region = options.region ?? location.region;
  const config: S3ClientConfig = {
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    // A wrong clock is to be set, not worked around: snapshots would carry wrong times.
    disableClockSkewCorrection: true,
    followRegionRedirects: true,
    forcePathStyle: options.pathStyle ?? (providerOf(endpoint).pathStyle || location.bucket.includes('.')),
    requestHandler: {
      connectionTimeout: connectLimitMs,
      socketTimeout: options.silenceLimitMs ?? silenceLimitMs,
      logger: quiet,
      ...options.agents,
    },
    logger: quiet,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(await credentialsFrom(options)),
  };
  const client = withoutNodeWarning(() => new sdk.S3Client(config));
  if (region !== undefined || (await knowsRegion(client))) return client;
  client.destroy();
  return withoutNodeWarning(() => new sdk.S3Client({ ...config, region: regionOf(endpoint) }));
}

async function knowsRegion(client: S3Client): Promise<boolean> {
  try {
    return (await client.config.region()) !== '';
  } catch {
    return false;
  }
}

async function credentialsFrom({
  keys,
  credentialFiles: files,
}: S3ClientOptions): Promise<Partial<S3ClientConfig>> {
  if (keys !== undefined) {
    const { accessKeyId, secretAccessKey } = keys;
    return { credentials: { accessKeyId, secretAccessKey: secretAccessKey.reveal() } };
  }
  if (files === undefined) return {};
  return await credentialsFrom({ keys: await readCredentialFiles(files) });
}
