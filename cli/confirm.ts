/** Asks a person for a yes before something that cannot be undone or costs money. */
import { createInterface } from 'node:readline/promises';
import { usageError } from './exit-code.js';

/**
 * True when the answer is yes. Anything but `y` or `yes` is a no.
 * @throws USAGE when nobody is there to ask: scripts give `--yes`.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw usageError(question, 'Give --yes to go on without being asked.');
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
