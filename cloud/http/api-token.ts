/**
 * The token that opens the API: made at the first run, kept in a file that only this user may read.
 * Comparisons take the same time whatever was sent.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import { Secret } from '../../core/secret.js';

const tokenFileName = 'api-token';

/** Reads the token from `directory`, or makes one there. */
export async function loadApiToken(directory: string): Promise<Secret> {
  const filePath = join(directory, tokenFileName);
  try {
    const text = (await readFile(filePath, 'utf8')).trim();
    if (text.length >= 32) {
      await chmod(filePath, 0o600);
      return new Secret(text);
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const token = randomBytes(32).toString('base64url');
  await writeFileDurably(filePath, `${token}\n`, { mode: 0o600 });
  return new Secret(token);
}

export function isToken(token: Secret, given: string): boolean {
  return sameText(token.reveal(), given);
}

/** What the dashboard's cookie holds: follows from the token, but does not tell it. */
export function sessionOf(token: Secret): string {
  return createHmac('sha256', token.reveal()).update('gatehouse dashboard session 1').digest('base64url');
}

export function isSession(token: Secret, given: string): boolean {
  return sameText(sessionOf(token), given);
}

function sameText(expected: string, given: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(expected), digest(given));
}
