/**
 * A workflow as a drawing needs it: its states in the order in which they are reached, with the words
 * on and between them. Reads the Amazon States Language loosely; checking is the cloud's business.
 */

export interface GraphExit {
  readonly to: string;
  readonly kind: 'next' | 'choice' | 'catch';
  /** When this way is taken; empty for the only one. */
  readonly label: string;
}

export interface GraphState {
  /** Unique: `Both/0/Left` for a state in a branch. As in an execution's position. */
  readonly path: string;
  readonly name: string;
  readonly type: string;
  /** What it does, in a few words; may be empty. */
  readonly detail: string;
  readonly exits: readonly GraphExit[];
  readonly branches: readonly (readonly GraphState[])[];
}

type Members = Readonly<Record<string, unknown>>;

export function workflowGraph(definition: unknown): GraphState[] {
  return statesOf(membersOf(definition), '');
}

function statesOf(graph: Members, prefix: string): GraphState[] {
  const states = membersOf(graph['States']);
  const reached = new Map<string, GraphState>();
  const open = [String(graph['StartAt'])];
  for (let name = open.shift(); name !== undefined; name = open.shift()) {
    if (reached.has(name) || !Object.hasOwn(states, name)) continue;
    const state = stateOf(name, membersOf(states[name]), prefix);
    reached.set(name, state);
    open.unshift(...state.exits.map((exit) => exit.to));
  }
  return [...reached.values()];
}

function stateOf(name: string, state: Members, prefix: string): GraphState {
  const path = prefix + name;
  const branches = listOf(state['Branches']).map((branch, at) =>
    statesOf(membersOf(branch), `${path}/${at}/`),
  );
  return {
    path,
    name,
    type: String(state['Type']),
    detail: detailOf(state),
    exits: exitsOf(state),
    branches,
  };
}

function exitsOf(state: Members): GraphExit[] {
  const exits: GraphExit[] = listOf(state['Choices']).map((rule) => {
    const members = membersOf(rule);
    return { to: String(members['Next']), kind: 'choice', label: ruleText(members) };
  });
  if (state['Default'] !== undefined)
    exits.push({ to: String(state['Default']), kind: 'choice', label: 'else' });
  if (state['Next'] !== undefined) exits.push({ to: String(state['Next']), kind: 'next', label: '' });
  for (const catcher of listOf(state['Catch']).map(membersOf)) {
    const errors = listOf(catcher['ErrorEquals']).map((error) =>
      error === 'States.ALL' ? 'any error' : String(error),
    );
    exits.push({ to: String(catcher['Next']), kind: 'catch', label: errors.join(', ') });
  }
  return exits;
}

function detailOf(state: Members): string {
  switch (state['Type']) {
    case 'Task':
      return String(state['Resource']).split(':').at(-1) ?? '';
    case 'Wait':
      if (state['Seconds'] !== undefined) return `${String(state['Seconds'])} s`;
      return String(state['Timestamp'] ?? state['SecondsPath'] ?? state['TimestampPath'] ?? '');
    case 'Fail':
      return String(state['Error'] ?? '');
    default:
      return '';
  }
}

const signs: Readonly<Record<string, string>> = {
  Equals: '=',
  LessThan: '<',
  GreaterThan: '>',
  LessThanEquals: '≤',
  GreaterThanEquals: '≥',
  Matches: 'like',
};

/** `$.a > 3 and not $.b is null`. */
function ruleText(rule: Members): string {
  if (rule['And'] !== undefined)
    return listOf(rule['And'])
      .map((one) => ruleText(membersOf(one)))
      .join(' and ');
  if (rule['Or'] !== undefined)
    return listOf(rule['Or'])
      .map((one) => ruleText(membersOf(one)))
      .join(' or ');
  if (rule['Not'] !== undefined) return `not ${ruleText(membersOf(rule['Not']))}`;
  const variable = String(rule['Variable']);
  const name = Object.keys(rule).find((key) => !['Variable', 'Next', 'Comment'].includes(key)) ?? '';
  const value = rule[name];
  if (name.startsWith('Is'))
    return `${variable} is ${value === true ? '' : 'not '}${name.slice(2).toLowerCase()}`;
  const sign = signs[name.replace(/^(String|Numeric|Boolean|Timestamp)/, '').replace(/Path$/, '')] ?? name;
  return `${variable} ${sign} ${name.endsWith('Path') ? String(value) : JSON.stringify(value)}`;
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? (value as Members) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
