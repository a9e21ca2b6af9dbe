/** The boards of `hardware/boards`: what a card for one of them needs. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BoardView } from '../../core/wire/cards.js';
import { boardUnknown } from './errors.js';

/** The folder of the program: of its sources, or the one above `dist`. */
export const programFolder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url),
);
const folder = join(programFolder, 'hardware', 'boards');

export interface Board {
  /** What kind of device it is, by name; see the configuration's `deviceTypes`. */
  readonly deviceType: string;
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

export async function listBoards(): Promise<BoardView[]> {
  return Promise.all(
    (await boardNames()).map(async (name) => {
      const { title } = await readFacts(name);
      return { name, title, claimsOnPress: claimsOnPress(await readBoard(name)) };
    }),
  );
}

/** @throws BOARD_UNKNOWN */
export async function readBoard(name: string): Promise<Board> {
  const agentConfig = JSON.parse(await readPart(name, 'agent.json')) as Record<string, unknown>;
  const { deviceType } = await readFacts(name);
  return { deviceType, configText: await readPart(name, 'config.txt'), agentConfig };
}

/** The drawing, SVG. @throws BOARD_UNKNOWN */
export function readWiring(name: string): Promise<string> {
  return readPart(name, 'wiring.svg');
}

/** A board without a button claims at once. */
export function claimsOnPress({ agentConfig }: Pick<Board, 'agentConfig'>): boolean {
  return Array.isArray(agentConfig['buttons']);
}

async function readFacts(name: string): Promise<{ readonly title: string; readonly deviceType: string }> {
  return JSON.parse(await readPart(name, 'wiring.json')) as { title: string; deviceType: string };
}

async function readPart(name: string, fileName: string): Promise<string> {
  const known = await boardNames();
  if (!known.includes(name)) throw boardUnknown(name, known);
  return readFile(join(folder, name, fileName), 'utf8');
}
