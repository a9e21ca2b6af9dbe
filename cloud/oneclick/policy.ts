/**
 * Policies of access keys: IAM JSON with Allow and Deny, actions of `iot1click` and resources by ARN,
 * both with wildcards. What would not be enforced (conditions, principals, Not...) is refused when saved.
 * As in IAM an explicit Deny wins, and what no statement allows is denied.
 */
import { policyInvalid, policyUnsupported } from './errors.js';
import { operations } from './operations.js';

export interface PolicyStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}
export type Policy = readonly PolicyStatement[];

/** What a key may without a policy of its own: everything of 1-Click. */
export const fullAccess = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot1click:*', Resource: '*' }],
};

const actionPrefix = 'iot1click:';
/** The developer guide misspells three; policies written by it must mean what was meant. */
const misspelt: Readonly<Record<string, string>> = {
  ClaimDevicesByClaimCode: 'ClaimDeviceByClaimCode',
  InitiateDeviceClaim: 'InitializeDeviceClaim',
  DisassociateDeviceFromPlacement: 'DissacociateDeviceFromPlacement',
};
const actionNames = [...operations.map(({ name }) => name), ...Object.values(misspelt)];
const statementKeys = new Set(['Sid', 'Effect', 'Action', 'Resource']);
const unsupportedKeys = new Set(['Condition', 'NotAction', 'NotResource', 'Principal', 'NotPrincipal']);
const maxStatements = 50;

/** @throws POLICY_INVALID, POLICY_UNSUPPORTED naming the place */
export function parsePolicy(value: unknown): Policy {
  const document = object(value, '(top level)');
  for (const key of Object.keys(document)) {
    if (!['Version', 'Id', 'Statement'].includes(key)) throw policyInvalid(key, 'an unknown member');
  }
  if (!['2012-10-17', '2008-10-17'].includes(String(document['Version'] ?? '2008-10-17'))) {
    throw policyInvalid('Version', 'not "2012-10-17"');
  }
  const statements = [document['Statement'] ?? []].flat();
  if (statements.length === 0) throw policyInvalid('Statement', 'there is none');
  if (statements.length > maxStatements) throw policyInvalid('Statement', `more than ${maxStatements}`);
  return statements.map((statement, index) => parseStatement(statement, `Statement[${index}]`));
}

function parseStatement(value: unknown, path: string): PolicyStatement {
  const statement = object(value, path);
  for (const key of Object.keys(statement)) {
    if (unsupportedKeys.has(key)) throw policyUnsupported(`${path}.${key}`, `"${key}"`);
    if (!statementKeys.has(key)) throw policyInvalid(`${path}.${key}`, 'an unknown member');
  }
  const effect = statement['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw policyInvalid(`${path}.Effect`, 'not Allow or Deny');
  const actions = texts(statement['Action'], `${path}.Action`);
  for (const action of actions) checkAction(action, `${path}.Action`);
  const resources = texts(statement['Resource'], `${path}.Resource`);
  for (const resource of resources) {
    if (!/^(\*|arn:.+)$/.test(resource)) throw policyInvalid(`${path}.Resource`, `"${resource}" is no ARN`);
    if (resource.includes('${')) throw policyUnsupported(`${path}.Resource`, 'a policy variable');
  }
  return { effect, actions, resources };
}

/** A pattern that no operation fits would be a mistake that nobody notices. */
function checkAction(action: string, path: string): void {
  if (action === '*') return;
  if (!action.toLowerCase().startsWith(actionPrefix)) {
    throw policyInvalid(path, `"${action}" is not of iot1click`);
  }
  const pattern = action.slice(actionPrefix.length);
  if (!actionNames.some((name) => matches(pattern.toLowerCase(), name.toLowerCase()))) {
    throw policyInvalid(path, `no operation fits "${action}"`);
  }
}

/** @param resource an ARN, or `*` for an operation that concerns no single resource. */
export function isAllowed(policy: Policy, operation: string, resource: string): boolean {
  const names = [operation, misspelt[operation]].flatMap((name) => name?.toLowerCase() ?? []);
  const applies = ({ actions, resources }: PolicyStatement) =>
    actions.some((action) => names.some((name) => matches(action.toLowerCase(), actionPrefix + name))) &&
    resources.some((pattern) => matches(pattern, resource));
  const effects = policy.filter(applies).map(({ effect }) => effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

/** `*` stands for any text, `?` for any one character. Linear in the text for each star. */
function matches(pattern: string, text: string): boolean {
  let p = 0;
  let starAt = -1;
  let resumeAt = 0;
  for (let t = 0; t < text.length; ) {
    if (pattern[p] === '*') {
      starAt = p++;
      resumeAt = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw policyInvalid(path, 'not an object');
  }
  return value as Record<string, unknown>;
}

function texts(value: unknown, path: string): string[] {
  const list: unknown[] = [value ?? []].flat();
  if (list.length === 0) throw policyInvalid(path, 'missing');
  return list.map((entry) => {
    if (typeof entry !== 'string' || entry.length > 2048) throw policyInvalid(path, 'not a text');
    return entry;
  });
}
