/**
 * The addresses of restic's REST protocol (REST backend, API versions 1 and 2):
 * `/[USER/[NAME/...]]config`, `.../TYPE/` and `.../TYPE/ID`, where TYPE is one of five.
 */
import { isId } from '../repository/layout.js';
import { pathUnknown } from './errors.js';

const types = ['data', 'index', 'keys', 'locks', 'snapshots'] as const;
export type RestType = (typeof types)[number];

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const mostNames = 4;

export interface RestAddress {
  /** The repository's folder below the root: the user first where users have their own. */
  readonly repository: readonly string[];
  readonly target:
    | { readonly kind: 'repository' }
    | { readonly kind: 'config' }
    | { readonly kind: 'list'; readonly type: RestType }
    | { readonly kind: 'file'; readonly type: RestType; readonly id: string };
}

export function isName(text: string): boolean {
  return namePattern.test(text) && !isType(text) && text !== 'config';
}

/** @param path of the request's address, without query. @throws REST_PATH_UNKNOWN. */
export function parseAddress(path: string): RestAddress {
  if (!path.startsWith('/')) throw pathUnknown(path);
  const parts = path.slice(1).split('/');
  const last = parts.at(-1) ?? '';
  const before = parts.at(-2);
  if (last === 'config') return { repository: names(parts.slice(0, -1), path), target: { kind: 'config' } };
  if (before !== undefined && isType(before)) {
    const repository = names(parts.slice(0, -2), path);
    if (last === '') return { repository, target: { kind: 'list', type: before } };
    if (isId(last)) return { repository, target: { kind: 'file', type: before, id: last } };
    throw pathUnknown(path);
  }
  const folder = last === '' ? parts.slice(0, -1) : parts;
  return { repository: names(folder, path), target: { kind: 'repository' } };
}

/** The file's place below the repository's folder, as restic's local layout has it. */
export function fileKey(type: RestType, id: string): string {
  return type === 'data' ? `data/${id.slice(0, 2)}/${id}` : `${type}/${id}`;
}

function names(parts: readonly string[], path: string): readonly string[] {
  if (parts.length > mostNames || !parts.every(isName)) throw pathUnknown(path);
  return parts;
}

function isType(text: string): text is RestType {
  return types.some((type) => type === text);
}
