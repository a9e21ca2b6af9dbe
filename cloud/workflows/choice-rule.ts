/** The comparisons of a Choice state. https://states-language.net/#choice-state */
import { type Json, parsePath, readPath } from './reference-path.js';
import { StateFault } from './state-fault.js';

export type ChoiceRule = { readonly [key: string]: Json };

type Compare = (actual: Json, expected: Json) => boolean;
type Kind = 'string' | 'number' | 'boolean' | 'timestamp';

const orders: Readonly<Record<string, (difference: number) => boolean>> = {
  Equals: (difference) => difference === 0,
  LessThan: (difference) => difference < 0,
  GreaterThan: (difference) => difference > 0,
  LessThanEquals: (difference) => difference <= 0,
  GreaterThanEquals: (difference) => difference >= 0,
};

/** RFC 3339 with a capital T, and a capital Z or an offset; only then is it a timestamp to the language. */
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

export function timestampMs(value: Json): number | undefined {
  const ms = typeof value === 'string' && timestamp.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const comparers: Readonly<Record<Kind, (a: Json, b: Json) => number>> = {
  string: (a, b) => (a === b ? 0 : String(a) < String(b) ? -1 : 1),
  number: (a, b) => Number(a) - Number(b),
  boolean: (a, b) => Number(a) - Number(b),
  timestamp: (a, b) => (timestampMs(a) ?? 0) - (timestampMs(b) ?? 0),
};

function isKind(value: Json, kind: Kind): boolean {
  return kind === 'timestamp' ? timestampMs(value) !== undefined : typeof value === kind;
}

interface Operator {
  readonly kind: Kind;
  readonly test: Compare;
  readonly isPath: boolean;
}

function ordering(kind: Kind, test: (difference: number) => boolean): Compare {
  return (a, b) => isKind(a, kind) && isKind(b, kind) && test(comparers[kind](a, b));
}

const operators = new Map<string, Operator>();
for (const [prefix, kind] of [
  ['String', 'string'],
  ['Numeric', 'number'],
  ['Timestamp', 'timestamp'],
  ['Boolean', 'boolean'],
] as const) {
  for (const [suffix, order] of Object.entries(orders)) {
    if (kind === 'boolean' && suffix !== 'Equals') continue;
    const test = ordering(kind, order);
    operators.set(prefix + suffix, { kind, test, isPath: false });
    operators.set(`${prefix}${suffix}Path`, { kind, test, isPath: true });
  }
}
const matches: Compare = (a, b) => typeof a === 'string' && matchesPattern(a, String(b));
operators.set('StringMatches', { kind: 'string', test: matches, isPath: false });

const typeTests: Readonly<Record<string, (value: Json | undefined) => boolean>> = {
  IsPresent: (value) => value !== undefined,
  IsNull: (value) => value === null,
  IsNumeric: (value) => typeof value === 'number',
  IsString: (value) => typeof value === 'string',
  IsBoolean: (value) => typeof value === 'boolean',
  IsTimestamp: (value) => value !== undefined && timestampMs(value) !== undefined,
};

export interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a rule; `isTop`: it must say where to go, which inner ones must not. */
export function ruleFaults(rule: Json, isTop: boolean, depth = 0): Fault[] {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
    return [{ path: [], message: 'is no rule' }];
  if (depth > 16) return [{ path: [], message: 'is nested too deeply' }];
  const { Next, Comment, ...rest } = rule;
  const faults: Fault[] = [];
  if (isTop && typeof Next !== 'string') faults.push({ path: ['Next'], message: 'is missing' });
  if (!isTop && Next !== undefined)
    faults.push({ path: ['Next'], message: 'only the outermost rule has one' });
  if (Comment !== undefined && typeof Comment !== 'string')
    faults.push({ path: ['Comment'], message: 'is no text' });
  const keys = Object.keys(rest);
  const [only] = keys;
  if (keys.length === 1 && (only === 'And' || only === 'Or' || only === 'Not')) {
    return [...faults, ...innerFaults(only, rest[only] as Json, depth)];
  }
  return [...faults, ...comparisonFaults(rest)];
}

function innerFaults(key: 'And' | 'Or' | 'Not', inner: Json, depth: number): Fault[] {
  if (key === 'Not') return under([key], ruleFaults(inner, false, depth + 1));
  if (!Array.isArray(inner) || inner.length === 0) return [{ path: [key], message: 'needs a list of rules' }];
  return inner.flatMap((one, at) => under([key, at], ruleFaults(one, false, depth + 1)));
}

function comparisonFaults(rule: ChoiceRule): Fault[] {
  const { Variable, ...rest } = rule;
  const faults: Fault[] = [];
  if (typeof Variable !== 'string' || parsePath(Variable) === undefined) {
    faults.push({ path: ['Variable'], message: 'is no reference path such as $.a.b' });
  }
  const names = Object.keys(rest);
  const unknown = names.filter((name) => !operators.has(name) && typeTests[name] === undefined);
  faults.push(...unknown.map((name) => ({ path: [name], message: 'is no comparison' })));
  if (names.length !== 1) faults.push({ path: [], message: 'needs exactly one comparison' });
  for (const name of names) faults.push(...operandFaults(name, rest[name] as Json));
  return faults;
}

function operandFaults(name: string, operand: Json): Fault[] {
  const wrong = (message: string): Fault[] => [{ path: [name], message }];
  if (typeTests[name] !== undefined) return typeof operand === 'boolean' ? [] : wrong('needs true or false');
  const operator = operators.get(name);
  if (operator === undefined) return [];
  if (operator.isPath) {
    const isPath = typeof operand === 'string' && parsePath(operand) !== undefined;
    return isPath ? [] : wrong('is no reference path such as $.a.b');
  }
  return isKind(operand, operator.kind) ? [] : wrong(`needs a ${operator.kind}`);
}

function under(prefix: readonly (string | number)[], faults: readonly Fault[]): Fault[] {
  return faults.map(({ path, message }) => ({ path: [...prefix, ...path], message }));
}

/** @throws StateFault `States.Runtime` when what is to be compared is not there. */
export function holds(rule: ChoiceRule, input: Json, context: Json): boolean {
  const { And, Or, Not, Variable, Next: _next, Comment: _comment, ...rest } = rule;
  if (Array.isArray(And)) return And.every((one) => holds(one as ChoiceRule, input, context));
  if (Array.isArray(Or)) return Or.some((one) => holds(one as ChoiceRule, input, context));
  if (Not !== undefined) return !holds(Not as ChoiceRule, input, context);
  const [name = '', operand = null] = Object.entries(rest)[0] ?? [];
  const value = valueAt(String(Variable), input, context);
  const typeTest = typeTests[name];
  if (typeTest !== undefined) {
    if (value === undefined && name !== 'IsPresent') throw absent(String(Variable));
    return typeTest(value) === operand;
  }
  if (value === undefined) throw absent(String(Variable));
  const operator = operators.get(name);
  const expected = operator?.isPath ? valueAt(String(operand), input, context) : operand;
  if (expected === undefined) throw absent(String(operand));
  return operator?.test(value, expected) ?? false;
}

function valueAt(text: string, input: Json, context: Json): Json | undefined {
  const path = parsePath(text);
  return path && readPath(path, input, context);
}

function absent(path: string): StateFault {
  return new StateFault('States.Runtime', `There is nothing at ${path}.`);
}

/** `*` stands for any text, `\*` for itself. Takes time in proportion to both lengths, whatever they hold. */
function matchesPattern(text: string, pattern: string): boolean {
  const parts = pattern
    .split(/(?<!\\)\*/)
    .map((part) => part.replaceAll('\\*', '*').replaceAll('\\\\', '\\'));
  const first = parts[0] ?? '';
  if (parts.length === 1) return text === first;
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= text.length - last.length;
}
