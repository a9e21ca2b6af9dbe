/** Passwords of a repository: each opens the same data through a key file of its own. */
import type { Clock } from '../../core/clock.js';
import type { Secret } from '../../core/secret.js';
import { keyUnknown } from '../errors.js';
import type { KeyInfo } from '../repository/keys.js';
import type { Repository } from '../repository/repository.js';
import type { ScryptCost } from '../repository/types.js';
import { withLock } from './with-lock.js';

export interface ListedKey extends KeyInfo {
  readonly isCurrent: boolean;
}

interface Call {
  readonly signal?: AbortSignal;
}

export interface NewKeyOptions extends Call {
  readonly password: Secret;
  readonly clock: Clock;
  readonly hostname?: string;
  readonly username?: string;
  readonly scryptCost?: ScryptCost;
}

/** Oldest first. @throws LOCKED, INTERRUPTED, and the bucket's errors. */
export async function listKeys(repository: Repository, { signal }: Call = {}): Promise<ListedKey[]> {
  return withLock(repository, 'shared', signal, (held) => keysOf(repository, held));
}

async function keysOf(repository: Repository, signal: AbortSignal): Promise<ListedKey[]> {
  const keys: ListedKey[] = [];
  for await (const key of repository.maintenance.listKeys({ signal })) {
    keys.push({ ...key, isCurrent: key.id === repository.maintenance.keyId });
  }
  return keys.sort((a, b) => (a.created < b.created ? -1 : 1));
}

/** @returns the new key's id. @throws KEY_NOT_VERIFIED, LOCKED, and the bucket's errors. */
export async function addKey(repository: Repository, options: NewKeyOptions): Promise<string> {
  return withLock(repository, 'shared', options.signal, (signal) => add(repository, options, signal));
}

/**
 * Replaces the key in use: the old one goes when the new one was proved to open.
 * @returns the new key's id. @throws KEY_NOT_VERIFIED, LOCKED, and the bucket's errors.
 */
export async function changePassword(repository: Repository, options: NewKeyOptions): Promise<string> {
  return withLock(repository, 'exclusive', options.signal, async (signal) => {
    const successor = await add(repository, options, signal);
    const { maintenance } = repository;
    await maintenance.removeKey(maintenance.keyId, { successor, signal });
    return successor;
  });
}

function add(repository: Repository, options: NewKeyOptions, signal: AbortSignal): Promise<string> {
  const { clock, ...key } = options;
  return repository.maintenance.addKey({ ...key, nowMs: clock.now(), signal });
}

/**
 * @param prefix a key's id or its beginning.
 * @returns the id. @throws KEY_UNKNOWN, KEY_IN_USE, LOCKED, and the bucket's errors.
 */
export async function removeKey(
  repository: Repository,
  prefix: string,
  { signal }: Call = {},
): Promise<string> {
  return withLock(repository, 'exclusive', signal, async (held) => {
    const found = (await keysOf(repository, held)).filter(({ id }) => id.startsWith(prefix.toLowerCase()));
    const [only] = found;
    if (prefix === '' || only === undefined || found.length > 1) throw keyUnknown(prefix, found.length);
    await repository.maintenance.removeKey(only.id, { signal: held });
    return only.id;
  });
}
