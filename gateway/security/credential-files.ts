/**
 * Access keys in two files, one value each, as systemd credentials are; and the pair that waits
 * beside them to replace them. At any instant of a change, also after `kill -9`, a reader gets two
 * values that belong together.
 *
 *   ID.pending and SECRET.pending   a pair that waits; the id is written first and moved first, so
 *                                   that a secret waiting alone means: the move was cut in half
 */
import { chown, readFile, rename, rm, stat } from 'node:fs/promises';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { Secret } from '../../core/secret.js';

/** Files that hold one value each. */
export interface CredentialFiles {
  readonly accessKeyIdFile: string;
  readonly secretAccessKeyFile: string;
}

export interface AccessKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

const mostReads = 5;

/** The pair in use. @throws system errors when a file cannot be read. */
export async function readCredentialFiles(files: CredentialFiles): Promise<AccessKeys> {
  for (let reads = 1; ; reads++) {
    const accessKeyId = await valueIn(files.accessKeyIdFile);
    const waiting = (await waitsAlone(files))
      ? await valueIfThere(pending(files.secretAccessKeyFile))
      : undefined;
    const secret = waiting ?? (await valueIn(files.secretAccessKeyFile));
    // Moved meanwhile: the two may be of different pairs.
    const isStill = (await valueIn(files.accessKeyIdFile)) === accessKeyId;
    if (isStill || reads === mostReads) return { accessKeyId, secretAccessKey: new Secret(secret) };
  }
}

/** The pair that waits, when it is whole. */
export async function readPending(files: CredentialFiles): Promise<AccessKeys | undefined> {
  const accessKeyId = await valueIfThere(pending(files.accessKeyIdFile));
  const secret = await valueIfThere(pending(files.secretAccessKeyFile));
  if (accessKeyId === undefined || secret === undefined) return undefined;
  return { accessKeyId, secretAccessKey: new Secret(secret) };
}

export async function writePending(files: CredentialFiles, keys: AccessKeys): Promise<void> {
  await writeBeside(files.accessKeyIdFile, keys.accessKeyId);
  await writeBeside(files.secretAccessKeyFile, keys.secretAccessKey.reveal());
}

/** Who could read the old file can read the new one. */
async function writeBeside(file: string, value: string): Promise<void> {
  const { mode, uid, gid } = await stat(file);
  await writeFileDurably(pending(file), `${value}\n`, { mode: mode & 0o777 });
  const written = await stat(pending(file));
  if (written.uid !== uid || written.gid !== gid) await chown(pending(file), uid, gid);
}

/** Makes the waiting pair the one in use, or ends a move that was cut in half. */
export async function usePending(files: CredentialFiles): Promise<void> {
  for (const file of [files.accessKeyIdFile, files.secretAccessKeyFile]) {
    await rename(pending(file), file).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  }
}

/** True between the two halves of a move. */
export async function waitsAlone(files: CredentialFiles): Promise<boolean> {
  const id = await valueIfThere(pending(files.accessKeyIdFile));
  const secret = await valueIfThere(pending(files.secretAccessKeyFile));
  return id === undefined && secret !== undefined;
}

function pending(file: string): string {
  return `${file}.pending`;
}

async function valueIn(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).trim();
}

export async function valueIfThere(file: string): Promise<string | undefined> {
  try {
    return await valueIn(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removeIfThere(file: string): Promise<void> {
  await rm(file, { force: true });
}
