/** What went wrong in a workflow, for people. Without imports, since the dashboard's bundle takes it too. */

/**
 * Actions tell why they failed as JSON, as in AWS Lambda. Gives the sentence in it (`errorMessage`), of any
 * other JSON object its pairs (`status: 404, reason: gone`), and any other text as it is.
 */
export function causeText(cause: string): string {
  const told = objectIn(cause);
  if (told === undefined) return cause;
  if (typeof told['errorMessage'] === 'string' && told['errorMessage'] !== '') return told['errorMessage'];
  return Object.entries(told)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function objectIn(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
