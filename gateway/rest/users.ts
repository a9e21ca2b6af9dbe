/**
 * Who may use the server: one small JSON file, written as a whole. Passwords are kept as scrypt
 * hashes. The file is read again when it changed, so that a removed user is out at the next request.
 */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { Slots } from '../../core/bounded.js';
import type { Clock } from '../../core/clock.js';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import type { Secret } from '../../core/secret.js';
import { isName } from './address.js';
import { passwordTooShort, userNameInvalid, usersUnreadable, userUnknown } from './errors.js';

const leastCharacters = 8;
/** 16 MiB and about 50 ms: a guess must cost something, a small NAS must bear it. */
const cost = { N: 16_384, r: 8, p: 1 };
/** restic sends the password with every request; the costly hash is done this often. */
const rememberedForMs = 5 * 60_000;
/** Hashes computed at once, against a flood of wrong passwords. */
const hashesAtOnce = 2;

const userSchema = z.strictObject({
  name: z.string(),
  salt: z.base64(),
  hash: z.base64(),
  appendOnly: z.boolean(),
  quotaBytes: z.number().int().positive().nullable(),
});
const fileSchema = z.strictObject({ users: z.array(userSchema) });

export type RestUser = z.output<typeof userSchema>;

export interface UserSettings {
  /** May add, never change or remove, but for its own locks. */
  readonly appendOnly: boolean;
  /** Most that all repositories of the user take up; null without a limit. */
  readonly quotaBytes: number | null;
}

export class RestUsers {
  readonly #filePath: string;
  readonly #clock: Clock;
  readonly #slots = new Slots(hashesAtOnce);
  /** Digest of name, password and stored hash, with the time until which it holds. */
  readonly #remembered = new Map<string, number>();
  #read: { readonly stamp: string; readonly users: readonly RestUser[] } | undefined;

  constructor(filePath: string, clock: Clock) {
    this.#filePath = filePath;
    this.#clock = clock;
  }

  /** In the order in which they were added. @throws USERS_UNREADABLE. */
  async list(): Promise<readonly RestUser[]> {
    const found = await stat(this.#filePath).catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw usersUnreadable(this.#filePath, error);
    });
    if (found === undefined) return [];
    const stamp = `${found.ino} ${found.mtimeMs} ${found.size}`;
    if (this.#read?.stamp === stamp) return this.#read.users;
    try {
      const { users } = fileSchema.parse(JSON.parse(await readFile(this.#filePath, 'utf8')));
      this.#read = { stamp, users };
      return users;
    } catch (error) {
      throw usersUnreadable(this.#filePath, error);
    }
  }

  /** Adds a user, or gives one a new password and new settings. @throws USER_NAME_INVALID, PASSWORD_TOO_SHORT. */
  async set(name: string, password: Secret, settings: UserSettings): Promise<void> {
    if (!isName(name)) throw userNameInvalid(name);
    if (password.reveal().length < leastCharacters) throw passwordTooShort(leastCharacters);
    const salt = randomBytes(16);
    const hash = await this.#hash(password.reveal(), salt);
    const { appendOnly, quotaBytes } = settings;
    const encoded = { salt: salt.toString('base64'), hash: hash.toString('base64') };
    const others = (await this.list()).filter((user) => user.name !== name);
    await this.#write([...others, { name, ...encoded, appendOnly, quotaBytes }]);
  }

  /** The user's files stay. @throws USER_UNKNOWN. */
  async remove(name: string): Promise<void> {
    const users = await this.list();
    if (!users.some((user) => user.name === name)) throw userUnknown(name);
    await this.#write(users.filter((user) => user.name !== name));
  }

  /** The user whose name and password these are, or undefined. */
  async verify(name: string, password: string): Promise<RestUser | undefined> {
    const user = (await this.list()).find((candidate) => candidate.name === name);
    const digest = createHash('sha256')
      .update(JSON.stringify([name, password, user?.hash]))
      .digest('hex');
    if (user !== undefined && (this.#remembered.get(digest) ?? 0) > this.#clock.monotonicMs()) return user;
    // A name that is not there takes as long as a wrong password.
    const salt = Buffer.from(user?.salt ?? 'AAAAAAAAAAAAAAAAAAAAAA==', 'base64');
    const hash = await this.#hash(password, salt);
    if (user === undefined || !timingSafeEqual(hash, Buffer.from(user.hash, 'base64'))) return undefined;
    this.#remember(digest);
    return user;
  }

  #remember(digest: string): void {
    const now = this.#clock.monotonicMs();
    for (const [known, until] of this.#remembered) if (until <= now) this.#remembered.delete(known);
    this.#remembered.set(digest, now + rememberedForMs);
  }

  async #write(users: readonly RestUser[]): Promise<void> {
    await writeFileDurably(this.#filePath, `${JSON.stringify({ users }, null, 2)}\n`);
    this.#read = undefined;
  }

  async #hash(password: string, salt: Uint8Array): Promise<Buffer> {
    await this.#slots.take();
    try {
      return await new Promise((resolve, reject) => {
        scrypt(password, salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
      });
    } finally {
      this.#slots.release();
    }
  }
}
