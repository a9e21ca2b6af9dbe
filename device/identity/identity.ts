/**
 * The device's identity on disk. `identity.json` is written last and is the mark of a finished
 * provisioning: without it the folder holds at most a key, which the next attempt uses again.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { systemCode } from '../../core/errors.js';
import { makePrivateFolder, writeFileDurably } from '../../core/files.js';
import { type ProvisionResponse, thingName } from '../../core/wire/messages.js';
import { certificateExpired, identityDamaged } from './errors.js';

export interface IdentityPaths {
  readonly privateKeyPath: string;
  readonly certificatePath: string;
  readonly caPath: string;
}

export interface Identity extends IdentityPaths {
  readonly thing: string;
  readonly certificateId: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** Of the device's certificate. */
  readonly validFrom: Date;
  readonly validTo: Date;
}

const stored = z.object({
  thing: thingName,
  certificateId: z.string(),
  mqttHost: z.string().min(1),
  mqttPort: z.int().min(1).max(65_535),
});

/** A clock may lag by that much before the certificate's begin is held against it. */
const clockSlackMs = 3_600_000;

export function identityPaths(folder: string): IdentityPaths {
  return {
    privateKeyPath: join(folder, 'device.key'),
    certificatePath: join(folder, 'device.crt'),
    caPath: join(folder, 'ca.crt'),
  };
}

/** The stored identity, or undefined before provisioning has finished. @throws IDENTITY_DAMAGED. */
export async function loadIdentity(folder: string): Promise<Identity | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'identity.json'), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw identityDamaged(folder, error);
  }
  try {
    const paths = identityPaths(folder);
    const certificate = new X509Certificate(await readFile(paths.certificatePath));
    new X509Certificate(await readFile(paths.caPath));
    await chmod(paths.privateKeyPath, 0o600);
    if (!certificate.checkPrivateKey(createPrivateKey(await readFile(paths.privateKeyPath)))) {
      throw new Error('the certificate does not belong to the key');
    }
    return {
      ...stored.parse(JSON.parse(text)),
      ...paths,
      validFrom: new Date(certificate.validFrom),
      validTo: new Date(certificate.validTo),
    };
  } catch (error) {
    throw identityDamaged(folder, error);
  }
}

/** Stores what the cloud answered. A crash half-way leaves the device unprovisioned, never mixed up. */
export async function saveIdentity(folder: string, answer: ProvisionResponse): Promise<void> {
  await makePrivateFolder(folder);
  const paths = identityPaths(folder);
  await writeFileDurably(paths.caPath, answer.caPem);
  await writeFileDurably(paths.certificatePath, answer.certificatePem);
  const { thingName: thing, certificateId, mqttHost, mqttPort } = answer;
  const content = JSON.stringify({ thing, certificateId, mqttHost, mqttPort }, undefined, 2);
  await writeFileDurably(join(folder, 'identity.json'), `${content}\n`);
}

/** @throws CERTIFICATE_EXPIRED, which says whether the clock or the certificate is to blame. */
export function checkValidity(identity: Pick<Identity, 'validFrom' | 'validTo'>, nowMs: number): void {
  const { validFrom, validTo } = identity;
  const early = nowMs < validFrom.getTime() - clockSlackMs;
  if (!early && nowMs <= validTo.getTime()) return;
  throw certificateExpired({
    whose: "this device's certificate",
    nowMs,
    early,
    validFrom: validFrom.toISOString(),
    validTo: validTo.toISOString(),
  });
}
