/**
 * What things told about themselves: online, last seen, buttons, routes. Kept in memory and written
 * to the database with every status, so that the dashboard shows things before they report again.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import { type StatusMessage, statusMessage } from '../../core/wire/messages.js';
import { MultiRow } from '../db/multi-row.js';

export interface ThingState {
  readonly online: boolean;
  readonly lastSeenMs: number | null;
  readonly buttons: readonly { readonly name: string; readonly simulated: boolean }[];
  readonly outputs: readonly { readonly name: string; readonly on: boolean }[];
  readonly gpioRoute: string | null;
  readonly i2cRoute: string | null;
}

const unknownState: ThingState = {
  online: false,
  lastSeenMs: null,
  buttons: [],
  outputs: [],
  gpioRoute: null,
  i2cRoute: null,
};

const lastSeen = new MultiRow<readonly [string, number | null]>(
  {
    head: 'INSERT INTO thing_state (thing, last_seen_ms)',
    columns: 2,
    tail: 'ON CONFLICT (thing) DO UPDATE SET last_seen_ms = excluded.last_seen_ms',
  },
  (row, params) => void params.push(...row),
);

interface StateRow extends SqlRow {
  thing: string;
  last_seen_ms: number | null;
  status: string | null;
}

export class ThingStates {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #states: Map<string, ThingState>;
  readonly #unwritten = new Set<string>();

  private constructor(database: Database, clock: Clock, states: Map<string, ThingState>) {
    this.#database = database;
    this.#clock = clock;
    this.#states = states;
  }

  /** Nothing is online at first: a thing that is says so when it connects. */
  static async open(database: Database, clock: Clock): Promise<ThingStates> {
    const rows = await database.all<StateRow>(
      'SELECT thing, last_seen_ms, status FROM thing_state LIMIT 100000',
    );
    return new ThingStates(database, clock, new Map(rows.map((row) => [row.thing, stateOf(row)])));
  }

  get(thing: string): ThingState {
    return this.#states.get(thing) ?? unknownState;
  }

  /** Notes that something arrived from the thing; written by `flush`, or with its next status. */
  seen(thing: string): void {
    this.#unwritten.add(thing);
    this.#states.set(thing, { ...this.get(thing), lastSeenMs: this.#clock.now() });
  }

  /** Writes when things were last heard, for those that were since the last time. */
  async flush(): Promise<void> {
    const things = [...this.#unwritten];
    this.#unwritten.clear();
    await this.#database.batch([
      ...lastSeen.statements(things.map((thing) => [thing, this.get(thing).lastSeenMs])),
    ]);
  }

  /** The broker knows best who is connected. False when nothing changed. */
  setOnline(thing: string, online: boolean): boolean {
    const before = this.get(thing);
    if (before.online === online) return false;
    this.#states.set(thing, { ...before, online, lastSeenMs: this.#clock.now() });
    return true;
  }

  /**
   * Resolves when stored. Members that the message leaves out stay as they were.
   * @param online what the broker knows: a message that says goodbye comes while its connection still stands.
   */
  async update(thing: string, status: StatusMessage, online: boolean): Promise<void> {
    const before = this.get(thing);
    const state: ThingState = {
      online,
      lastSeenMs: this.#clock.now(),
      buttons: status.buttons ?? before.buttons,
      // Going away says nothing of outputs; a device that is there and names none has none.
      outputs: status.outputs ?? (status.online ? [] : before.outputs),
      gpioRoute: status.gpioRoute ?? before.gpioRoute,
      i2cRoute: status.i2cRoute ?? before.i2cRoute,
    };
    this.#states.set(thing, state);
    const kept = { v: 1, online: false, buttons: state.buttons, outputs: state.outputs, ...routesOf(state) };
    await this.#database.run(
      `INSERT INTO thing_state (thing, last_seen_ms, status) VALUES (?, ?, ?)
       ON CONFLICT (thing) DO UPDATE SET last_seen_ms = excluded.last_seen_ms, status = excluded.status`,
      [thing, state.lastSeenMs, JSON.stringify(kept)],
    );
  }
}

function routesOf(state: ThingState): { gpioRoute?: string; i2cRoute?: string } {
  return {
    ...(state.gpioRoute !== null && { gpioRoute: state.gpioRoute }),
    ...(state.i2cRoute !== null && { i2cRoute: state.i2cRoute }),
  };
}

function stateOf(row: StateRow): ThingState {
  const kept = statusMessage.safeParse(row.status === null ? null : JSON.parse(row.status)).data;
  return {
    online: false,
    lastSeenMs: row.last_seen_ms,
    buttons: kept?.buttons ?? [],
    outputs: kept?.outputs ?? [],
    gpioRoute: kept?.gpioRoute ?? null,
    i2cRoute: kept?.i2cRoute ?? null,
  };
}
