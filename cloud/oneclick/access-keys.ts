/**
 * Access keys of the 1-Click API. A signature can only be checked with the secret itself, so secrets are
 * kept sealed (AES-256-GCM, bound to their key's id) under a key file beside the database.
 * Invariant: neither the database nor the key file alone opens a secret.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { Secret } from '../../core/secret.js';
import { accessKeyUnknown, accessKeyUnreadable } from './errors.js';
import { fullAccess, type Policy, parsePolicy } from './policy.js';

export interface AccessKey {
  readonly id: string;
  /** For people. */
  readonly name: string;
  /** The document as it was given. */
  readonly policyDocument: unknown;
  readonly policy: Policy;
  readonly createdMs: number;
  /** `iv.ciphertext.tag`, base64url. */
  readonly sealedSecret: string;
}

export interface NewAccessKey {
  readonly id: string;
  /** Told once, here. */
  readonly secret: Secret;
}

const keyFileName = 'access-keys.key';
const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export class AccessKeys {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #master: Buffer;
  readonly #keys: Map<string, AccessKey>;

  private constructor(database: Database, clock: Clock, master: Buffer, keys: Map<string, AccessKey>) {
    this.#database = database;
    this.#clock = clock;
    this.#master = master;
    this.#keys = keys;
  }

  /** @param directory where the key file lies, or is made. */
  static async open(database: Database, directory: string, clock: Clock): Promise<AccessKeys> {
    const rows = await database.all('SELECT * FROM access_key ORDER BY created_ms, id LIMIT 10000');
    const keys = new Map(rows.map(accessKeyOf).map((key) => [key.id, key]));
    return new AccessKeys(database, clock, await loadMaster(join(directory, keyFileName)), keys);
  }

  /** In the order of making. */
  list(): AccessKey[] {
    return [...this.#keys.values()];
  }

  /** From memory. Undefined for a key that was never made, or was deleted. */
  get(id: string): AccessKey | undefined {
    return this.#keys.get(id);
  }

  /** Without a policy the key may do everything of 1-Click. @throws POLICY_INVALID, POLICY_UNSUPPORTED */
  async create(name: string, policyDocument: unknown = fullAccess): Promise<NewAccessKey> {
    const policy = parsePolicy(policyDocument);
    const id = `GHAK${Array.from(randomBytes(16), (byte) => base32[byte % 32]).join('')}`;
    const secret = new Secret(randomBytes(30).toString('base64'));
    const sealedSecret = seal(this.#master, id, secret);
    const key: AccessKey = {
      id,
      name,
      policyDocument,
      policy,
      createdMs: this.#clock.now(),
      sealedSecret,
    };
    await this.#database.run(
      'INSERT INTO access_key (id, name, policy, sealed_secret, created_ms) VALUES (?, ?, ?, ?, ?)',
      [id, name, JSON.stringify(policyDocument), sealedSecret, key.createdMs],
    );
    this.#keys.set(id, key);
    return { id, secret };
  }

  /** Requests signed with it fail from now on. @throws ACCESS_KEY_UNKNOWN */
  async delete(id: string): Promise<void> {
    if (!this.#keys.has(id)) throw accessKeyUnknown(id);
    await this.#database.run('DELETE FROM access_key WHERE id = ?', [id]);
    this.#keys.delete(id);
  }

  /** @throws ACCESS_KEY_UNREADABLE when the key file is not the one it was sealed with */
  secretOf({ id, sealedSecret }: AccessKey): Secret {
    try {
      return unseal(this.#master, id, sealedSecret);
    } catch {
      throw accessKeyUnreadable(id);
    }
  }

  /** A key of its own for another purpose, which tells nothing of the secrets. */
  deriveKey(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#master, Buffer.alloc(0), purpose, 32));
  }
}

async function loadMaster(filePath: string): Promise<Buffer> {
  try {
    const master = Buffer.from((await readFile(filePath, 'utf8')).trim(), 'base64');
    if (master.length === 32) {
      await chmod(filePath, 0o600);
      return master;
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const master = randomBytes(32);
  await writeFileDurably(filePath, `${master.toString('base64')}\n`, { mode: 0o600 });
  return master;
}

function seal(master: Buffer, id: string, secret: Secret): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', master, iv).setAAD(Buffer.from(id, 'utf8'));
  const sealed = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()]);
  return [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url')).join('.');
}

function unseal(master: Buffer, id: string, text: string): Secret {
  const [iv, sealed, tag] = text.split('.').map((part) => Buffer.from(part, 'base64url'));
  if (iv === undefined || sealed === undefined || tag === undefined) throw accessKeyUnreadable(id);
  const decipher = createDecipheriv('aes-256-gcm', master, iv, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(id, 'utf8')).setAuthTag(tag);
  return new Secret(Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8'));
}

function accessKeyOf(row: SqlRow): AccessKey {
  const policyDocument: unknown = JSON.parse(String(row['policy']));
  return {
    id: String(row['id']),
    name: String(row['name']),
    policyDocument,
    policy: parsePolicy(policyDocument),
    createdMs: Number(row['created_ms']),
    sealedSecret: String(row['sealed_secret']),
  };
}
