/**
 * Reference paths of the Amazon States Language: `$`, `$.a.b`, `$['a b'][0]`, and `$$` for the context
 * object. They name exactly one place; the parts of JSONPath that name many (wildcards, slices,
 * filters) are refused when a workflow is saved. https://states-language.net/#path
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface ReferencePath {
  readonly root: '$' | '$$';
  readonly steps: readonly (string | number)[];
}

const step = /\.([\p{L}_][\p{L}\p{N}_-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(0|[1-9]\d{0,5})\]/uy;
const maxSteps = 64;

/** Undefined when the text is no reference path. */
export function parsePath(text: string): ReferencePath | undefined {
  const root = text.startsWith('$$') ? '$$' : '$';
  if (!text.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  step.lastIndex = root.length;
  while (step.lastIndex < text.length && steps.length < maxSteps) {
    const match = step.exec(text);
    if (match === null) return undefined;
    const [, name, quoted, index] = match;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(name ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
  }
  const isWhole =
    steps.length === 0 ? text === root : step.lastIndex >= text.length && steps.length < maxSteps;
  step.lastIndex = 0;
  return isWhole ? { root, steps } : undefined;
}

/** What stands there; undefined when nothing does. Only a value's own members count. */
export function readPath(path: ReferencePath, data: Json, context: Json): Json | undefined {
  let value: Json | undefined = path.root === '$' ? data : context;
  for (const one of path.steps) {
    if (Array.isArray(value)) value = typeof one === 'number' ? value[one] : undefined;
    else if (typeof value === 'object' && value !== null) {
      const key = String(one);
      value = Object.hasOwn(value, key) ? value[key] : undefined;
    } else return undefined;
  }
  return value;
}

/**
 * A copy of `data` with `value` at the path; objects on the way are made where nothing is. Undefined
 * when something else is in the way, or the index of an array does not exist.
 */
export function writePath(path: ReferencePath, data: Json, value: Json): Json | undefined {
  return written(path.steps, data, value);
}

function written(steps: readonly (string | number)[], data: Json | undefined, value: Json): Json | undefined {
  const [first, ...rest] = steps;
  if (first === undefined) return value;
  if (typeof first === 'number') {
    if (!Array.isArray(data) || first >= data.length) return undefined;
    const inner = written(rest, data[first], value);
    return inner === undefined ? undefined : data.with(first, inner);
  }
  if (data !== undefined && (typeof data !== 'object' || data === null || Array.isArray(data)))
    return undefined;
  const before = data !== undefined && Object.hasOwn(data, first) ? data[first] : undefined;
  const inner = written(rest, before, value);
  return inner === undefined ? undefined : { ...data, [first]: inner };
}
