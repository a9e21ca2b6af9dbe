/**
 * Puts the states of one graph into rows: each below every state that leads to it, ways back left out.
 * Pure; what a way leads to that is not there is left out too.
 */
import type { GraphState } from '../../../../core/workflow-graph.js';

export interface Layers {
  /** From the first state down; in a row, in the order of the states above them. */
  readonly rows: readonly (readonly GraphState[])[];
  readonly rowOf: ReadonlyMap<string, number>;
}

export function layersOf(states: readonly GraphState[]): Layers {
  const { order, back } = walked(states);
  const rowOf = new Map<string, number>();
  for (const { name, exits } of order) {
    const own = rowOf.get(name) ?? 0;
    rowOf.set(name, own);
    for (const { to } of exits) {
      if (!back.has(wayKey(name, to))) rowOf.set(to, Math.max(rowOf.get(to) ?? 0, own + 1));
    }
  }
  const rows: GraphState[][] = [];
  for (const state of states) {
    const at = rowOf.get(state.name) ?? 0;
    rows[at] = [...(rows[at] ?? []), state];
  }
  return { rows: untangled(rows), rowOf };
}

interface Walk {
  /** Every state after all that lead to it. */
  readonly order: readonly GraphState[];
  /** Ways to a state that is on the way here. */
  readonly back: ReadonlySet<string>;
}

function walked(states: readonly GraphState[]): Walk {
  const byName = new Map(states.map((state) => [state.name, state]));
  const back = new Set<string>();
  const open = new Set<string>();
  const seen = new Set<string>();
  const order: GraphState[] = [];
  const visit = (state: GraphState) => {
    seen.add(state.name);
    open.add(state.name);
    for (const { to } of state.exits) {
      const next = byName.get(to);
      if (next === undefined || open.has(to)) back.add(wayKey(state.name, to));
      else if (!seen.has(to)) visit(next);
    }
    open.delete(state.name);
    order.unshift(state);
  };
  for (const state of states) if (!seen.has(state.name)) visit(state);
  return { order, back };
}

/** Each state below the middle of those that lead to it: one pass, which keeps most ways from crossing. */
function untangled(rows: readonly GraphState[][]): GraphState[][] {
  const placeOf = new Map<string, number>();
  return rows.map((row, at) => {
    const middleOf = (state: GraphState) => {
      const above = rows
        .slice(0, at)
        .flat()
        .filter(({ exits }) => exits.some(({ to }) => to === state.name))
        .map(({ name }) => placeOf.get(name) ?? 0);
      return above.length === 0 ? 0 : above.reduce((sum, place) => sum + place, 0) / above.length;
    };
    const sorted = [...row].sort((a, b) => middleOf(a) - middleOf(b));
    for (const [index, { name }] of sorted.entries()) placeOf.set(name, index - (sorted.length - 1) / 2);
    return sorted;
  });
}

function wayKey(from: string, to: string): string {
  return `${from}\n${to}`;
}
