/** Says what went wrong with one file while a command goes on: a line for people, restic's message with `--json`. */
import type { Terminal } from './terminal.js';

export function complain(
  terminal: Terminal,
  during: 'archival' | 'restore',
  kind: 'error' | 'warning',
  path: string | undefined,
  message: string,
): void {
  if (terminal.json) {
    terminal.printJson({ message_type: kind, item: path ?? null, during, error: { message } });
    return;
  }
  const place = path === undefined || message.includes(path) ? '' : `${path}: `;
  terminal.note(`${terminal.style(kind === 'error' ? 'red' : 'yellow', kind)}: ${place}${message}`);
}
