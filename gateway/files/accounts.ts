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
}

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

const systemFiles: AccountFiles = { passwd: '/etc/passwd', group: '/etc/group' };

/** A file that is not there leaves the names empty. */
export async function loadAccounts(files: AccountFiles = systemFiles): Promise<Accounts> {
  const users = await readNames(files.passwd);
  const groups = await readNames(files.group);
  return {
    userName: (uid) => users.names.get(uid) ?? '',
    groupName: (gid) => groups.names.get(gid) ?? '',
    userId: (name) => users.ids.get(name),
    groupId: (name) => groups.ids.get(name),
    digest: hash('sha256', JSON.stringify([[...users.names], [...groups.names]]), 'hex'),
  };
}

interface NameTable {
  readonly names: ReadonlyMap<number, string>;
  readonly ids: ReadonlyMap<string, number>;
}

async function readNames(filePath: string): Promise<NameTable> {
  const names = new Map<number, string>();
  const ids = new Map<string, number>();
  const text = await readFile(filePath, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    if (name === '' || !/^\d+$/.test(id)) continue;
    // The first line of an id or a name counts, as in the C library.
    if (!names.has(Number(id))) names.set(Number(id), name);
    if (!ids.has(name)) ids.set(name, Number(id));
  }
  return { names, ids };
}
