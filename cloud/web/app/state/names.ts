/** What names and attributes may be, as the backend has it, so that a form says it beside the field. Pure. */

/** A sentence, or empty when the name is allowed. Names of projects, placements and roles: 128 characters. */
export function nameProblem(name: string, maxLength = 128): string {
  if (name === '') return 'Give it a name.';
  if (!/^[0-9A-Za-z_-]+$/.test(name)) return 'Use letters without accents, digits, - and _ only, no spaces.';
  if (name.length > maxLength) return `Use at most ${maxLength} characters.`;
  return '';
}

export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A sentence, or empty when the rows can be saved. A row without key and value does not count. */
export function pairsProblem(pairs: readonly Pair[]): string {
  const filled = pairs.filter(({ key, value }) => key.trim() !== '' || value !== '');
  if (filled.some(({ key }) => key.trim() === '')) return 'Give every attribute a name.';
  if (filled.some(({ value }) => value === '')) return 'Give every attribute a value, or take it away.';
  if (filled.some(({ value }) => value.length > 800)) return 'A value has at most 800 characters.';
  const keys = filled.map(({ key }) => key.trim());
  if (new Set(keys).size < keys.length) return 'Two attributes have the same name.';
  return keys.length > 50 ? 'There can be at most 50 attributes.' : '';
}

export function recordOf(pairs: readonly Pair[]): Record<string, string> {
  const filled = pairs.filter(({ key }) => key.trim() !== '');
  return Object.fromEntries(filled.map(({ key, value }) => [key.trim(), value]));
}

/** The change that makes `before` into `after`: what is empty is cleared. */
export function changeOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Record<string, string> {
  const cleared = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return { ...after, ...Object.fromEntries(cleared.map((key) => [key, ''])) };
}
