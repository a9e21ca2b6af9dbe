/** Secrets of the ways by which notices go, and what can go wrong with them. */
import { readFile } from 'node:fs/promises';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { Secret } from '../../core/secret.js';

/** One line ending at the end is not part of it. @throws NOTICE_SECRET. */
export async function readSecret(filePath: string): Promise<Secret> {
  try {
    return new Secret((await readFile(filePath, 'utf8')).replace(/\r?\n$/, ''));
  } catch (error) {
    throw new GatehouseError('NOTICE_SECRET', `Cannot read ${filePath}: ${messageOf(error)}.`, {
      cause: error,
      context: { filePath },
      hint: 'Check the path under "notify" and that this user may read it.',
    });
  }
}

/** A server did not take a notice; it is tried again for three days. The user looks at the server or the address. */
export function noticeRefused(where: string, why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('NOTICE_REFUSED', `${where} did not take a notice: ${why}.`, {
    cause,
    context: { where },
    retryable: true,
    hint: 'Check the address and credentials under "notify".',
  });
}
