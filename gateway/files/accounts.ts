/** Names of users and groups from /etc/passwd and /etc/group, read once. Unknown ids have no name. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

export interface Accounts {
  userName(uid: number): string;
  groupName(gid: number): string;
  /** Undefined for a name that this machine does not know, and for an empty one. */
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
  /** Changes when any name does. */
  readonly digest: string;
  /** What they were made of, for threads of this process. */
  readonly texts: AccountFiles;
}

/** Of both files the paths, or what is in them. */
export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

const systemFiles: AccountFiles = { passwd: '/etc/passwd', group: '/etc/group' };

/** A file that is not there leaves the names empty. */
export async function loadAccounts(files: AccountFiles = systemFiles): Promise<Accounts> {
  const read = (filePath: string) => readFile(filePath, 'utf8').catch(() => '');
  return accountsOf({ passwd: await read(files.passwd), group: await read(files.group) });
}

export function accountsOf(texts: AccountFiles): Accounts {
  const users = readNames(texts.passwd);
  const groups = readNames(texts.group);
  return {
    userName: (uid) => users.names.get(uid) ?? '',
    groupName: (gid) => groups.names.get(gid) ?? '',
    userId: (name) => users.ids.get(name),
    groupId: (name) => groups.ids.get(name),
    digest: hash('sha256', JSON.stringify([[...users.names], [...groups.names]]), 'hex'),
    texts,
  };
}

interface NameTable {
  readonly names: ReadonlyMap<number, string>;
  readonly ids: ReadonlyMap<string, number>;
}

function readNames(text: string): NameTable {
  const names = new Map<number, string>();
  const ids = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name === '' || !/^\d+$/.test(id)) continue;
    // The first line of an id or a name counts, as in the C library.
    if (!names.has(Number(id))) names.set(Number(id), name);
    if (!ids.has(name)) ids.set(name, Number(id));
  }
  return { names, ids };
}
