/**
 * Replaces access keys in four steps: create, set, test, finish. Each can be repeated, also after
 * `kill -9`; the old keys work until the last. What was done is told by files beside the id's:
 *
 *   ID.creating  ids that the user had before a new one was asked for
 *   ID.created   the new pair, one value a line, until it is set
 *   ID.pending, SECRET.pending   the new pair, set (see credential-files.ts)
 *   ID.tested    the id that has passed the test
 *   ID.old       the id that is to be deleted; the new pair is in use by then
 */
import { readFile } from 'node:fs/promises';
import { GatehouseError } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { Secret } from '../../core/secret.js';
import type { UserAccessKeys } from './access-keys.js';
import {
  type AccessKeys,
  type CredentialFiles,
  readCredentialFiles,
  readPending,
  removeIfThere,
  usePending,
  valueIfThere,
  waitsAlone,
  writePending,
} from './credential-files.js';
import { credentialFileFailed, keyFileMalformed, rotationStepMissing } from './errors.js';

export type RotationStep = 'idle' | 'created' | 'set' | 'tested' | 'finishing';

export interface RotationStatus {
  readonly step: RotationStep;
  readonly inUse: string;
  /** The id that replaces it. */
  readonly next: string | undefined;
  /** The id that is to be deleted, while `finishing`. */
  readonly old: string | undefined;
}

export class Rotation {
  readonly #files: CredentialFiles;

  constructor(files: CredentialFiles) {
    this.#files = files;
  }

  status(): Promise<RotationStatus> {
    return onFiles(async () => {
      const inUse = (await readCredentialFiles(this.#files)).accessKeyId;
      const old = await valueIfThere(this.#path('old'));
      if (old !== undefined) return { step: 'finishing', inUse, next: undefined, old };
      const set = await readPending(this.#files);
      if (set !== undefined) {
        const isTested = (await valueIfThere(this.#path('tested'))) === set.accessKeyId;
        return { step: isTested ? 'tested' : 'set', inUse, next: set.accessKeyId, old };
      }
      const created = await this.#created();
      if (created === undefined) return { step: 'idle', inUse, next: undefined, old };
      return { step: 'created', inUse, next: created.accessKeyId, old };
    });
  }

  /** The keys in use. @throws CREDENTIAL_FILE. */
  current(): Promise<AccessKeys> {
    return onFiles(() => readCredentialFiles(this.#files));
  }

  /** @returns the new id. @throws IAM_FAILED, KEY_FILE_MALFORMED, CREDENTIAL_FILE, ROTATION_STEP_MISSING. */
  async create(source: UserAccessKeys | { readonly keyFile: string }): Promise<string> {
    const { step, next } = await this.status();
    if (step === 'finishing') throw rotationStepMissing('create a key', 'the last rotation is not finished');
    if (next !== undefined) return next;
    const keys = 'keyFile' in source ? await readKeyFile(source.keyFile) : await this.#createAtIam(source);
    const lines = `${keys.accessKeyId}\n${keys.secretAccessKey.reveal()}\n`;
    await onFiles(() => writeFileDurably(this.#path('created'), lines));
    await removeIfThere(this.#path('creating'));
    return keys.accessKeyId;
  }

  /** A key whose secret never reached the disk is of no use to anybody: it goes, and a new one comes. */
  async #createAtIam(user: UserAccessKeys): Promise<AccessKeys> {
    const has = await user.list();
    const before = await onFiles(() => valueIfThere(this.#path('creating')));
    if (before === undefined) {
      await onFiles(() => writeFileDurably(this.#path('creating'), `${has.join('\n')}\n`));
    } else {
      const known = new Set(before.split('\n'));
      for (const lost of has.filter((id) => !known.has(id))) await user.remove(lost);
    }
    return await user.create();
  }

  /** Puts the new pair beside the old one. @throws ROTATION_STEP_MISSING, CREDENTIAL_FILE. */
  async set(): Promise<string> {
    const { step, next } = await this.status();
    if (next === undefined) throw rotationStepMissing('set a key', 'none was created');
    const created = await onFiles(() => this.#created());
    if (step === 'created' && created !== undefined) await onFiles(() => writePending(this.#files, created));
    await removeIfThere(this.#path('created'));
    return next;
  }

  /** The pair to test. @throws ROTATION_STEP_MISSING, CREDENTIAL_FILE. */
  async pending(): Promise<AccessKeys> {
    const keys = await onFiles(() => readPending(this.#files));
    if (keys === undefined) throw rotationStepMissing('test a key', 'none was set');
    return keys;
  }

  async markTested(accessKeyId: string): Promise<void> {
    await onFiles(() => writeFileDurably(this.#path('tested'), `${accessKeyId}\n`));
  }

  /**
   * Makes the new pair the one in use; `remove` then takes the old one's id. Without `remove` the old
   * key stays as it is, and its user deletes it. @returns the old id, or undefined when all was done.
   * @throws ROTATION_STEP_MISSING, CREDENTIAL_FILE, IAM_FAILED.
   */
  async finish(remove: ((oldId: string) => Promise<void>) | undefined): Promise<string | undefined> {
    const { step, inUse, old: found } = await this.status();
    if (step === 'idle') return undefined;
    if (step === 'created' || step === 'set')
      throw rotationStepMissing(
        'finish',
        step === 'set' ? 'the new key was not tested' : 'the new key was not set',
      );
    const old = found ?? inUse;
    await onFiles(async () => {
      if (found === undefined) await writeFileDurably(this.#path('old'), `${old}\n`);
      const isSwitching = (await readPending(this.#files)) !== undefined || (await waitsAlone(this.#files));
      if (isSwitching) await usePending(this.#files);
    });
    await remove?.(old);
    await removeIfThere(this.#path('tested'));
    await removeIfThere(this.#path('old'));
    return old;
  }

  #path(what: 'creating' | 'created' | 'tested' | 'old'): string {
    return `${this.#files.accessKeyIdFile}.${what}`;
  }

  async #created(): Promise<AccessKeys | undefined> {
    const text = await valueIfThere(this.#path('created'));
    return text === undefined ? undefined : parsePair(text, this.#path('created'));
  }
}

/** @throws KEY_FILE_MALFORMED, CREDENTIAL_FILE. */
async function readKeyFile(filePath: string): Promise<AccessKeys> {
  return parsePair(await onFiles(() => readFile(filePath, 'utf8')), filePath);
}

function parsePair(text: string, filePath: string): AccessKeys {
  const [accessKeyId, secret, ...more] = text.trim().split(/\s*\r?\n\s*/);
  if (accessKeyId === undefined || secret === undefined || secret === '' || more.length > 0)
    throw keyFileMalformed(filePath, 'it has not two lines');
  return { accessKeyId, secretAccessKey: new Secret(secret) };
}

async function onFiles<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof GatehouseError ? error : credentialFileFailed(error);
  }
}
