/**
 * Shadows in the database. Each change is one transaction that is conditional on the version read in
 * it, and durable when its promise resolves: what the device is told then is true after a power cut.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlReader, SqlWriter } from '../../core/db/database.js';
import type { JsonObject } from '../../core/json.js';
import { deltaOf, type Merged, merge, type Section, type Sections, sections } from './document.js';
import { type Rejection, reject, type ShadowLimits, type ShadowUpdate } from './request.js';

export interface Shadow {
  readonly version: number;
  readonly state: Sections;
  readonly metadata: Sections;
  readonly updatedMs: number;
}

export interface ShadowChange {
  /** Undefined when this update made it. */
  readonly previous: Shadow | undefined;
  readonly current: Shadow;
}

export const defaultShadowLimits: ShadowLimits = { maxStateBytes: 8_192, maxDepth: 8, maxNamed: 100 };

interface Row extends Record<string, string | number> {
  readonly version: number;
  readonly deleted: number;
  readonly state: string;
  readonly metadata: string;
  readonly updated_ms: number;
}

export class ShadowStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly limits: ShadowLimits;

  constructor(database: Database, clock: Clock, limits: ShadowLimits = defaultShadowLimits) {
    this.#database = database;
    this.#clock = clock;
    this.limits = limits;
  }

  /** `name` is '' for the classic one. */
  async get(thing: string, name: string): Promise<Shadow | undefined> {
    const row = await readRow(this.#database, thing, name);
    return row === undefined || row.deleted === 1 ? undefined : shadowOf(row);
  }

  /** Names of the shadows that exist, the classic one as ''. */
  async names(thing: string): Promise<string[]> {
    const sql = 'SELECT name FROM shadow WHERE thing = ? AND deleted = 0 ORDER BY name LIMIT 1000';
    const rows = await this.#database.all<{ name: string }>(sql, [thing]);
    return rows.map((row) => row.name);
  }

  update(thing: string, name: string, request: ShadowUpdate): Promise<ShadowChange | Rejection> {
    const nowMs = this.#clock.now();
    return this.#database.transaction(async (tx): Promise<ShadowChange | Rejection> => {
      const row = await readRow(tx, thing, name);
      const previous = row === undefined || row.deleted === 1 ? undefined : shadowOf(row);
      if (request.version !== undefined && request.version !== previous?.version) {
        return reject(409, 'Version conflict');
      }
      if (row === undefined && name !== '' && (await countNamed(tx, thing)) >= this.limits.maxNamed) {
        return reject(403, 'Too many named shadows');
      }
      const merged = applyUpdate(previous, request, Math.floor(nowMs / 1_000));
      if (Buffer.byteLength(JSON.stringify(merged.state)) > this.limits.maxStateBytes) {
        return reject(413, 'The payload exceeds the maximum size allowed');
      }
      const current = { ...merged, version: (row?.version ?? 0) + 1, updatedMs: nowMs };
      await write(tx, thing, name, current, row?.version);
      return { previous, current };
    });
  }

  /** The shadow as it was; undefined when there is none. Its version goes on counting. */
  delete(thing: string, name: string): Promise<Shadow | undefined> {
    return this.#database.transaction(async (tx) => {
      const row = await readRow(tx, thing, name);
      if (row === undefined || row.deleted === 1) return undefined;
      await tx.run(
        `UPDATE shadow SET deleted = 1, state = '{}', metadata = '{}', updated_ms = ?
         WHERE thing = ? AND name = ? AND version = ?`,
        [this.#clock.now(), thing, name, row.version],
      );
      return shadowOf(row);
    });
  }
}

/** What the shadow's desired section asks for beyond its reported one. */
export function shadowDelta({ state, metadata }: Pick<Shadow, 'state' | 'metadata'>): Merged {
  return deltaOf({ state: state.desired ?? {}, metadata: metadata.desired ?? {} }, state.reported ?? {});
}

function applyUpdate(
  previous: Shadow | undefined,
  { state: patch }: ShadowUpdate,
  timestamp: number,
): Pick<Shadow, 'state' | 'metadata'> {
  const state: { [name in Section]?: JsonObject } = {};
  const metadata: { [name in Section]?: JsonObject } = {};
  for (const section of sections) {
    const change = patch[section];
    if (change === null) continue;
    const before = { state: previous?.state[section] ?? {}, metadata: previous?.metadata[section] ?? {} };
    const after = change === undefined ? before : merge(before, change, timestamp);
    if (Object.keys(after.state).length === 0) continue;
    state[section] = after.state;
    metadata[section] = after.metadata;
  }
  return { state, metadata };
}

async function write(
  tx: SqlWriter,
  thing: string,
  name: string,
  { version, state, metadata, updatedMs }: Shadow,
  expected: number | undefined,
): Promise<void> {
  const values = [version, JSON.stringify(state), JSON.stringify(metadata), updatedMs, thing, name];
  if (expected === undefined) {
    await tx.run(
      `INSERT INTO shadow (version, state, metadata, updated_ms, thing, name, deleted)
       VALUES (?, ?, ?, ?, ?, ?, 0)`,
      values,
    );
    return;
  }
  await tx.run(
    `UPDATE shadow SET version = ?, state = ?, metadata = ?, updated_ms = ?, deleted = 0
     WHERE thing = ? AND name = ? AND version = ?`,
    [...values, expected],
  );
}

function readRow(reader: SqlReader, thing: string, name: string): Promise<Row | undefined> {
  const sql = 'SELECT version, deleted, state, metadata, updated_ms FROM shadow WHERE thing = ? AND name = ?';
  return reader.get<Row>(sql, [thing, name]);
}

async function countNamed(reader: SqlReader, thing: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM shadow WHERE thing = ? AND name <> ''`;
  return (await reader.get<{ n: number }>(sql, [thing]))?.n ?? 0;
}

function shadowOf(row: Row): Shadow {
  return {
    version: row.version,
    state: JSON.parse(row.state) as Sections,
    metadata: JSON.parse(row.metadata) as Sections,
    updatedMs: row.updated_ms,
  };
}
