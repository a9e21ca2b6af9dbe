/** The boards of `hardware/boards`: what a card for one of them needs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the program: of its sources, or the one above `dist`. */
export const programFolder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url),
);
const folder = join(programFolder, 'hardware', 'boards');

export interface Board {
  /** Lines for `config.txt`, with what they are for. */
  readonly configText: string;
  readonly agentConfig: Readonly<Record<string, unknown>>;
}

export async function boardNames(): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export async function readBoard(name: string): Promise<Board> {
  const file = (fileName: string) => readFile(join(folder, name, fileName), 'utf8');
  const agentConfig = JSON.parse(await file('agent.json')) as Record<string, unknown>;
  return { configText: await file('config.txt'), agentConfig };
}
