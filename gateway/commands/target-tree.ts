/**
 * The folders that a snapshot begins with: every given path, hung up under its own components, as
 * restic does it. `/a/b` and `/a/c` share the folder `a`; a relative path keeps its components.
 */
import { cleanAbsolute, joinPath, pathBytes, pathComponents } from '../files/path-bytes.js';
import { listNames } from '../files/scan.js';

export interface TargetFolder {
  /** Where the folder's own metadata come from. */
  readonly path: Buffer;
  /** By name as latin1, so that names stay bytes. */
  readonly children: Map<string, TargetNode>;
}

/** Either something to back up whole, or a folder on the way to it. */
export type TargetNode =
  | { readonly kind: 'whole'; readonly path: Buffer }
  | ({ readonly kind: 'folder' } & TargetFolder);

export interface Targets {
  /** Absolute and clean, in the order given; what the snapshot names as its paths. */
  readonly absolute: readonly Buffer[];
  readonly root: TargetFolder;
}

/** @throws FILE_FAILED when a path such as `/` or `.` is to be listed and cannot be. */
export async function plantTargets(
  paths: readonly (string | Buffer)[],
  workingFolder: string,
): Promise<Targets> {
  const top: TargetFolder = { path: Buffer.from('/'), children: new Map() };
  const base = pathBytes(workingFolder);
  const absolute: Buffer[] = [];
  for (const given of paths.map(pathBytes)) {
    const place = absolutePath(base, given);
    if (!absolute.some((other) => other.equals(place))) absolute.push(place);
    for (const branch of await branchesOf(given, place)) {
      plant(top, branch.components, branch.path);
    }
  }
  return { absolute, root: top };
}

function absolutePath(base: Buffer, path: Buffer): Buffer {
  return cleanAbsolute(path[0] === 0x2f ? path : joinPath(base, path));
}

/** A path without components of its own, such as `/` or `.`, stands for what is in it. */
async function branchesOf(given: Buffer, place: Buffer): Promise<{ components: Buffer[]; path: Buffer }[]> {
  const components = pathComponents(given);
  if (components.length > 0) return [{ components, path: place }];
  const names = await listNames(place);
  return names.map((name) => ({ components: [name], path: joinPath(place, name) }));
}

function plant(top: TargetFolder, components: readonly Buffer[], path: Buffer): void {
  let folder = top;
  // The real folder that each component stands for, counted from the end of the absolute path.
  const folders = ancestorsOf(path, components.length);
  for (const [at, component] of components.entries()) {
    const here = folders[at] as Buffer;
    const isLast = at === components.length - 1;
    const name = freeName(folder, component, here);
    const existing = folder.children.get(name);
    if (existing?.kind === 'whole') return; // A folder above is backed up already.
    if (isLast) {
      folder.children.set(name, { kind: 'whole', path });
      return;
    }
    const next: TargetNode = existing ?? { kind: 'folder', path: here, children: new Map() };
    folder.children.set(name, next);
    folder = next;
  }
}

function ancestorsOf(path: Buffer, count: number): Buffer[] {
  const parts = pathComponents(path);
  const folders: Buffer[] = [];
  for (let length = parts.length - count + 1; length <= parts.length; length++) {
    folders.push(parts.slice(0, Math.max(0, length)).reduce(joinPath, Buffer.from('/')));
  }
  return folders;
}

/** The name itself, or with `-1`, `-2`… when another folder has taken it. */
function freeName(folder: TargetFolder, component: Buffer, path: Buffer): string {
  const plain = component.toString('latin1');
  for (let number = 0; ; number++) {
    const name = number === 0 ? plain : `${plain}-${number}`;
    const other = folder.children.get(name);
    if (other === undefined || other.path.equals(path)) return name;
  }
}
