/**
 * The device's key pair (EC P-256), made here and never sent anywhere. It is on disk before it is
 * used, so that a retry after a crash asks with the same key.
 */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';

export async function loadOrCreateKey(filePath: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(filePath));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  await writeFileDurably(filePath, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
  return privateKey;
}
