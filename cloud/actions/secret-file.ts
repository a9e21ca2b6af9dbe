/** Secrets of actions lie in files, so that neither configuration nor process list shows them. */
import { readFile } from 'node:fs/promises';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { Secret } from '../../core/secret.js';

/** One line ending at the end is not part of it. @throws CONFIG_UNREADABLE */
export async function readSecretFile(filePath: string, key: string): Promise<Secret> {
  try {
    return new Secret((await readFile(filePath, 'utf8')).replace(/\r?\n$/, ''));
  } catch (error) {
    throw new GatehouseError(
      'CONFIG_UNREADABLE',
      `Cannot read the secret in ${filePath}: ${messageOf(error)}.`,
      {
        cause: error,
        hint: `Check "${key}" in the configuration and that this user may read it.`,
      },
    );
  }
}
