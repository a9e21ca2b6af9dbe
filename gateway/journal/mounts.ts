/** What is mounted where (/proc/self/mountinfo, proc(5)), as far as it matters to some folders. */
import { readFile } from 'node:fs/promises';

/** File systems that other machines or programs change without this kernel's knowledge. */
const remoteTypes =
  /^(nfs4?|cifs|smb3?|smbfs|9p|afs|ceph|glusterfs|lustre|ncpfs|fuse(\..*)?|fuseblk|virtiofs)$/;

export interface Mounts {
  /** One text for all mounts at, above and below the folders; another text means another arrangement. */
  readonly arrangement: string;
  /** Mount point of a file system whose changes the kernel cannot see all, or undefined. */
  readonly remote: string | undefined;
}

export async function readMounts(folders: readonly Buffer[]): Promise<Mounts> {
  return mountsFrom(await readFile('/proc/self/mountinfo', 'latin1'), folders);
}

export function mountsFrom(mountinfo: string, folders: readonly Buffer[]): Mounts {
  const roots = folders.map((folder) => folder.toString('latin1'));
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [id, , device, , point = ''] = line.split(' ');
    const type = / - (\S+)/.exec(line)?.[1] ?? '';
    return id === undefined || point === '' ? [] : [{ id, device, point: unescaped(point), type }];
  });
  const near = mounts.filter(({ point }) => roots.some((root) => isIn(point, root) || isIn(root, point)));
  const holding = roots.flatMap((root) => holderOf(root, mounts) ?? []);
  const below = mounts.filter(({ point }) => roots.some((root) => isIn(point, root)));
  return {
    arrangement: near.map(({ id, device, point }) => `${id} ${device} ${point}`).join('\n'),
    remote: [...holding, ...below].find(({ type }) => remoteTypes.test(type))?.point,
  };
}

/** The mount that a path lies on: the longest; of equal ones the last hides the others. */
function holderOf<M extends { readonly point: string }>(path: string, mounts: readonly M[]): M | undefined {
  let best: M | undefined;
  for (const mount of mounts) {
    if (isIn(path, mount.point) && mount.point.length >= (best?.point.length ?? 0)) best = mount;
  }
  return best;
}

function isIn(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}

/** Space, tab, newline and backslash come as octal escapes. */
function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_all, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
