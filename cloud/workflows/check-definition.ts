/** Checks a workflow before it is saved: every fault at once, each with its path. */
import type { z } from 'zod';
import { type Definition, definitionSchema, type State, type StateGraph } from './definition.js';

export type CheckedDefinition =
  | { readonly ok: true; readonly definition: Definition }
  | { readonly ok: false; readonly faults: readonly string[] };

const maxStates = 500;

export function checkDefinition(value: unknown): CheckedDefinition {
  const parsed = definitionSchema.safeParse(value);
  const faults = parsed.success ? graphFaults(parsed.data, '') : parsed.error.issues.flatMap(linesOf);
  return parsed.success && faults.length === 0
    ? { ok: true, definition: parsed.data }
    : { ok: false, faults };
}

/** One line per unknown member, named by its own path instead of that of what holds it. */
function linesOf(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path || '(top level)'}: ${issue.message}`];
  return issue.keys.map((key) => `${path === '' ? key : `${path}.${key}`}: is not supported`);
}

/** Where a state can go, with the member that says so. */
export function exitsOf(state: State): { readonly member: string; readonly to: string }[] {
  const exits: { member: string; to: string }[] = [];
  if ('Next' in state && state.Next !== undefined) exits.push({ member: 'Next', to: state.Next });
  if (state.Type === 'Choice') {
    state.Choices.forEach((rule, at) => {
      exits.push({ member: `Choices.${at}.Next`, to: String(rule['Next']) });
    });
    if (state.Default !== undefined) exits.push({ member: 'Default', to: state.Default });
  }
  if (state.Type === 'Task' || state.Type === 'Parallel') {
    state.Catch.forEach((catcher, at) => {
      exits.push({ member: `Catch.${at}.Next`, to: catcher.Next });
    });
  }
  return exits;
}

function graphFaults(graph: StateGraph, prefix: string): string[] {
  const names = Object.keys(graph.States);
  if (names.length > maxStates) return [`${prefix}States: has more than ${maxStates} states`];
  const faults: string[] = [];
  if (!Object.hasOwn(graph.States, graph.StartAt)) {
    faults.push(`${prefix}StartAt: there is no state "${graph.StartAt}"`);
  }
  const reached = new Set<string>();
  const open = [graph.StartAt];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const state = Object.hasOwn(graph.States, name) ? graph.States[name] : undefined;
    if (reached.has(name) || state === undefined) continue;
    reached.add(name);
    open.push(...exitsOf(state).map((exit) => exit.to));
  }
  for (const name of names) {
    const path = `${prefix}States.${name}`;
    if (!reached.has(name)) faults.push(`${path}: can never be reached`);
    faults.push(...stateFaults(graph, graph.States[name] as State, path));
  }
  return faults;
}

function stateFaults(graph: StateGraph, state: State, path: string): string[] {
  const faults = exitsOf(state)
    .filter(({ to }) => !Object.hasOwn(graph.States, to))
    .map(({ member, to }) => `${path}.${member}: there is no state "${to}"`);
  faults.push(...onwardFaults(state, path));
  if (state.Type === 'Wait') faults.push(...waitFaults(state, path));
  if (state.Type === 'Task' && state.TimeoutSeconds !== undefined && state.TimeoutSecondsPath !== undefined) {
    faults.push(`${path}.TimeoutSecondsPath: stands beside TimeoutSeconds`);
  }
  if (state.Type === 'Pass' && state.Result !== undefined && state.Parameters !== undefined) {
    faults.push(`${path}.Parameters: stands beside Result`);
  }
  if (state.Type === 'Task' || state.Type === 'Parallel') {
    for (const member of ['Retry', 'Catch'] as const)
      faults.push(...allLast(state[member], `${path}.${member}`));
  }
  if (state.Type === 'Parallel') {
    state.Branches.forEach((branch, at) => {
      faults.push(...graphFaults(branch, `${path}.Branches.${at}.`));
    });
  }
  return faults;
}

function onwardFaults(state: State, path: string): string[] {
  if (['Choice', 'Succeed', 'Fail'].includes(state.Type)) return [];
  const { Next, End } = state as { Next?: string; End?: true };
  if (Next === undefined && End === undefined) return [`${path}.Next: is missing (or "End": true)`];
  return Next !== undefined && End !== undefined ? [`${path}.End: stands beside Next`] : [];
}

function waitFaults(state: Extract<State, { Type: 'Wait' }>, path: string): string[] {
  const ways = [state.Seconds, state.SecondsPath, state.Timestamp, state.TimestampPath];
  const given = ways.filter((way) => way !== undefined).length;
  return given === 1 ? [] : [`${path}: needs one of Seconds, SecondsPath, Timestamp, TimestampPath`];
}

/** `States.ALL` stands alone, and in the last place: what came after it would never be looked at. */
function allLast(handlers: readonly { readonly ErrorEquals: readonly string[] }[], path: string): string[] {
  return handlers.flatMap(({ ErrorEquals }, at) => {
    if (!ErrorEquals.includes('States.ALL')) return [];
    const isFine = ErrorEquals.length === 1 && at === handlers.length - 1;
    return isFine ? [] : [`${path}.${at}.ErrorEquals: States.ALL stands alone and last`];
  });
}
