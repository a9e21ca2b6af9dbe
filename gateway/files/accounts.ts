/** Names of users and groups from /etc/passwd and /etc/group, read once. Unknown ids have no name. */
import { readFile } from 'node:fs/promises';

export interface Accounts {
  userName(uid: number): string;
  groupName(gid: number): string;
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
    userName: (uid) => users.get(uid) ?? '',
    groupName: (gid) => groups.get(gid) ?? '',
  };
}

async function readNames(filePath: string): Promise<Map<number, string>> {
  const names = new Map<number, string>();
  const text = await readFile(filePath, 'utf8').catch(() => '');
  for (const line of text.split('\n')) {
    const [name = '', , id = ''] = line.split(':');
    // The first line of an id counts, as in the C library.
    if (name !== '' && /^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
