/** The places where an execution stands: one, and one more per branch of every Parallel state that is open. */
import type { Definition, State, StateGraph, StateOf } from './definition.js';
import type { Json } from './reference-path.js';
import type { Snapshot, Token } from './snapshot.js';

export class TokenTree {
  readonly #definition: Definition;
  readonly #tokens: Map<number, Token>;
  #next: number;

  constructor(definition: Definition, snapshot: Snapshot) {
    this.#definition = definition;
    this.#tokens = new Map(snapshot.tokens.map((token) => [token.id, token]));
    this.#next = snapshot.nextToken;
  }

  get all(): Token[] {
    return [...this.#tokens.values()];
  }

  get next(): number {
    return this.#next;
  }

  has(id: number): boolean {
    return this.#tokens.has(id);
  }

  /** One that can go on at once. */
  ready(): Token | undefined {
    for (const token of this.#tokens.values()) if (token.wait.kind === 'ready') return token;
    return undefined;
  }

  ofStep(step: number): Token | undefined {
    for (const token of this.#tokens.values()) {
      if (token.wait.kind === 'task' && token.wait.step === step) return token;
    }
    return undefined;
  }

  parentOf(token: Token): Token | undefined {
    return token.parent === null ? undefined : this.#tokens.get(token.parent);
  }

  add(state: string, input: Json, parent: number | null, branch: number, enteredMs: number): void {
    const id = this.#next++;
    this.set({ id, parent, branch, state, enteredMs, input, retries: [], wait: { kind: 'ready' } });
  }

  set(token: Token): void {
    this.#tokens.set(token.id, token);
  }

  drop(id: number): void {
    this.#tokens.delete(id);
  }

  /** Tasks that still run for them end without anybody looking. */
  dropBranches(parent: number): void {
    for (const token of this.all) {
      if (token.parent !== parent) continue;
      this.drop(token.id);
      this.dropBranches(token.id);
    }
  }

  clear(): void {
    this.#tokens.clear();
  }

  stateOf(token: Token): State {
    return this.#graphOf(token).States[token.state] as State;
  }

  /** `Both/0/Left`: the state, with the branches around it. */
  pathOf(token: Token): string {
    const parent = this.parentOf(token);
    return parent === undefined ? token.state : `${this.pathOf(parent)}/${token.branch}/${token.state}`;
  }

  #graphOf(token: Token): StateGraph {
    const parent = this.parentOf(token);
    if (parent === undefined) return this.#definition;
    return (this.stateOf(parent) as StateOf<'Parallel'>).Branches[token.branch] as StateGraph;
  }
}
