/** The file of s3dump with bucket and keys: one pair of words a line. */
import { readFile } from 'node:fs/promises';
import { Secret } from '../../core/secret.js';
import { keyFileInvalid } from './errors.js';

export interface KeyFile {
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly region?: string;
  /** Ours beyond the original: origin of a server that is not AWS. */
  readonly endpoint?: string;
  /** Ours: `price STORAGE_CLASS DOLLARS`, per GiB and month. */
  readonly prices: ReadonlyMap<string, number>;
}

const known = ['service', 'region', 'bucket_name', 'access_key_id', 'secret_access_key', 'endpoint', 'price'];

/** @throws KEY_FILE. */
export async function readKeyFile(filePath: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    throw keyFileInvalid(filePath, 'cannot be read', error);
  }
  return parseKeyFile(text, filePath);
}

/** @throws KEY_FILE naming the line. */
export function parseKeyFile(text: string, filePath: string): KeyFile {
  const values = new Map<string, string>();
  const prices = new Map<string, number>();
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const [name = '', ...rest] = line.trim().split(/\s+/);
    if (name === '' || name.startsWith('#')) continue;
    if (!known.includes(name)) throw keyFileInvalid(filePath, `line ${at + 1}: "${name}" is unknown`);
    if (name === 'price') prices.set(rest[0] ?? '', priceFrom(rest[1], filePath, at + 1));
    else values.set(name, rest.join(' '));
  }
  const need = (name: string) => {
    const value = values.get(name);
    if (value === undefined || value === '') throw keyFileInvalid(filePath, `has no ${name}`);
    return value;
  };
  const service = values.get('service') ?? 's3';
  if (service !== 's3') throw keyFileInvalid(filePath, `the service "${service}" is not known, only s3`);
  const region = values.get('region');
  const endpoint = values.get('endpoint');
  return {
    bucket: need('bucket_name'),
    accessKeyId: need('access_key_id'),
    secretAccessKey: new Secret(need('secret_access_key')),
    prices,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
}

function priceFrom(text: string | undefined, filePath: string, line: number): number {
  const price = Number(text);
  if (text === undefined || !(price >= 0)) throw keyFileInvalid(filePath, `line ${line}: no price`);
  return price;
}
