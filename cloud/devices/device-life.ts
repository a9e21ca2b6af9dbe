/**
 * The life of a device: manufactured, claimed, placed, replaced, unclaimed. States and answers are those
 * of AWS IoT 1-Click; every step is one transaction that only holds from the version it had read.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { Database, SqlWriter } from '../../core/db/database.js';
import { hasCode } from '../../core/errors.js';
import type { Associations } from '../projects/associations.js';
import { thingChanged, thingExists, thingUnknown } from '../registry/errors.js';
import type { Registry } from '../registry/registry.js';
import { changeThing, requireThing, type Thing, thingOf } from '../registry/thing-rows.js';
import { claimCodeUnknown, claimNotConfirmed, deviceClaimed, deviceNotClaimed, notPlaced } from './errors.js';

export interface DeviceLifeOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly associations: Associations;
}

export interface Manufactured {
  readonly devices: readonly string[];
  /** For all of them together; undefined unless they came in a box. Told once, here. */
  readonly claimCode?: string;
}

/** Without 0, 1, I and O, which people mix up. */
const letters = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export class DeviceLife {
  readonly #options: DeviceLifeOptions;

  constructor(options: DeviceLifeOptions) {
    this.#options = options;
  }

  /**
   * Makes devices that nobody has claimed yet, all or none.
   * @throws THING_NAME_INVALID, DEVICE_TYPE_UNKNOWN, THING_EXISTS
   */
  async manufacture(serials: readonly string[], type: string, inBox: boolean): Promise<Manufactured> {
    const { registry, database, clock } = this.#options;
    for (const serial of serials) registry.checkThing(serial, type);
    const claimCode = inBox ? newClaimCode() : undefined;
    const box = claimCode === undefined ? null : digest(claimCode);
    const nowMs = clock.now();
    await database.transaction(async (tx) => {
      for (const serial of serials) await insertManufactured(tx, serial, type, nowMs, box);
      if (box === null) return;
      await tx.run('INSERT INTO device_box (code_sha256, created_ms, total) VALUES (?, ?, ?)', [
        box,
        nowMs,
        serials.length,
      ]);
    });
    return { devices: serials, ...(claimCode !== undefined && { claimCode }) };
  }

  /** The first event of the device confirms it. @throws THING_UNKNOWN, DEVICE_CLAIMED, THING_CHANGED */
  initiateClaim(name: string): Promise<Thing> {
    return this.#change(name, (tx, thing) => {
      if (thing.claim === 'CLAIMED') throw deviceClaimed(name);
      return changeThing(tx, thing, { claim: 'CLAIM_INITIATED', claimConfirmed: false, enabled: false });
    });
  }

  /**
   * Claimed, and disabled until told otherwise.
   * @throws THING_UNKNOWN, DEVICE_CLAIMED, CLAIM_NOT_CONFIRMED, THING_CHANGED
   */
  finalizeClaim(name: string, tags: Readonly<Record<string, string>>): Promise<Thing> {
    return this.#change(name, (tx, thing) => {
      if (thing.claim === 'CLAIMED') throw deviceClaimed(name);
      if (!thing.claimConfirmed) throw claimNotConfirmed(name);
      return changeThing(tx, thing, { claim: 'CLAIMED', tags });
    });
  }

  /**
   * Claims every device of a box. A repeated call answers the same and changes nothing, so that a client
   * which lost the answer may ask again. Returns how many devices the code has claimed.
   * @throws CLAIM_CODE_UNKNOWN
   */
  claimByCode(code: string): Promise<number> {
    const { database, clock } = this.#options;
    const box = digest(code);
    return database.transaction(async (tx) => {
      const row = await tx.get<{ used_ms: number | null; total: number }>(
        'SELECT used_ms, total FROM device_box WHERE code_sha256 = ?',
        [box],
      );
      if (row === undefined) throw claimCodeUnknown();
      if (row.used_ms !== null) return row.total;
      const things = (await tx.all('SELECT * FROM thing WHERE box = ? LIMIT 100000', [box])).map(thingOf);
      const free = things.filter(({ claim }) => claim !== 'CLAIMED');
      for (const thing of free) await changeThing(tx, thing, { claim: 'CLAIMED', enabled: false });
      const { changes } = await tx.run(
        'UPDATE device_box SET used_ms = ?, total = ? WHERE code_sha256 = ? AND used_ms IS NULL',
        [clock.now(), free.length, box],
      );
      if (changes !== 1) throw claimCodeUnknown();
      return free.length;
    });
  }

  /**
   * Gives a device up, or a claim that was begun: out of its placement, without tags and callbacks,
   * disabled. The placement stays. @throws THING_UNKNOWN, DEVICE_NOT_CLAIMED, THING_CHANGED
   */
  async unclaim(name: string): Promise<void> {
    await this.#options.associations.vacate(name, async (tx) => {
      const thing = await requireThing(tx, name);
      if (thing.claim !== 'CLAIMED' && thing.claim !== 'CLAIM_INITIATED') throw deviceNotClaimed(name);
      await changeThing(tx, thing, {
        claim: 'UNCLAIMED',
        claimConfirmed: false,
        enabled: false,
        tags: {},
      });
      await tx.run(
        `UPDATE thing_state SET on_click_callback = NULL, health_callback = NULL, health_threshold = NULL,
           health_raised = 0 WHERE thing = ?`,
        [name],
      );
    });
  }

  /**
   * The new device takes the old one's place, callbacks and state; the old one stays claimed, disabled.
   * @throws THING_UNKNOWN, DEVICE_NOT_CLAIMED, DEVICE_NOT_PLACED, ASSOCIATION_CONFLICT, PROJECT_INVALID
   */
  async replace(oldName: string, newName: string): Promise<void> {
    const { associations, database } = this.#options;
    // Names first, so that a typing error is told as one.
    await requireThing(database, oldName);
    if ((await requireThing(database, newName)).claim !== 'CLAIMED') throw deviceNotClaimed(newName);
    if (associations.slotOf(oldName) === undefined) throw notPlaced(oldName);
    await associations.exchange(oldName, newName, async (tx) => {
      const [before, after] = [await requireThing(tx, oldName), await requireThing(tx, newName)];
      if (after.claim !== 'CLAIMED') throw deviceNotClaimed(newName);
      await changeThing(tx, after, { enabled: before.enabled });
      await changeThing(tx, before, { enabled: false });
      await tx.run('INSERT INTO thing_state (thing) VALUES (?) ON CONFLICT (thing) DO NOTHING', [newName]);
      await tx.run(
        `UPDATE thing_state AS new SET health_raised = 0,
           on_click_callback = COALESCE(old.on_click_callback, new.on_click_callback),
           health_callback = COALESCE(old.health_callback, new.health_callback),
           health_threshold = COALESCE(old.health_threshold, new.health_threshold)
         FROM thing_state AS old WHERE new.thing = ? AND old.thing = ?`,
        [newName, oldName],
      );
    });
  }

  /** Claims and enables a device that is not claimed; changes nothing else. @throws THING_UNKNOWN */
  async adopt(name: string): Promise<void> {
    await this.#change(name, async (tx, thing) => {
      return thing.claim === 'CLAIMED' ? thing : changeThing(tx, thing, { claim: 'CLAIMED', enabled: true });
    });
  }

  /** A fresh battery: the life left begins anew, and its health is watched again. @throws THING_UNKNOWN */
  async batteryReplaced(name: string): Promise<void> {
    await this.#change(name, async (tx, thing) => {
      await tx.run(
        'UPDATE thing_state SET clicks_before_battery = clicks, health_raised = 0 WHERE thing = ?',
        [name],
      );
      return changeThing(tx, thing, {});
    });
  }

  /** @throws THING_UNKNOWN, THING_CHANGED when it is not at `expectedVersion` any more */
  setTags(name: string, change: (tags: Thing['tags']) => Thing['tags']): Promise<Thing> {
    return this.#change(name, (tx, thing) => {
      if (thing.claim !== 'CLAIMED') throw thingUnknown(name);
      return changeThing(tx, thing, { tags: change(thing.tags) });
    });
  }

  /** As `setTags`; `expectedVersion` undefined for whatever it is at. */
  setEnabled(name: string, enabled: boolean, expectedVersion?: number): Promise<Thing> {
    return this.#change(name, (tx, thing) => {
      if (expectedVersion !== undefined && expectedVersion !== thing.version) throw thingChanged(name);
      if (thing.claim !== 'CLAIMED') throw deviceNotClaimed(name);
      return changeThing(tx, thing, { enabled });
    });
  }

  #change(name: string, change: (tx: SqlWriter, thing: Thing) => Promise<Thing>): Promise<Thing> {
    return this.#options.database.transaction(async (tx) => change(tx, await requireThing(tx, name)));
  }
}

/** Sixteen characters as Amazon's DSNs had them, with letters of our own where they named the maker. */
export function newSerial(): string {
  return `G030GH${random(10)}`;
}

function newClaimCode(): string {
  return `C-${random(5)}-${random(5)}-${random(5)}-${random(5)}`;
}

function random(count: number): string {
  return Array.from(randomBytes(count), (byte) => letters[byte % letters.length]).join('');
}

function digest(code: string): string {
  return createHash('sha256').update(code, 'utf8').digest('hex');
}

async function insertManufactured(
  tx: SqlWriter,
  serial: string,
  type: string,
  nowMs: number,
  box: string | null,
): Promise<void> {
  try {
    await tx.run(
      `INSERT INTO thing (name, type, claim, enabled, created_ms, version, box)
       VALUES (?, ?, 'MANUFACTURED', 0, ?, 1, ?)`,
      [serial, type, nowMs, box],
    );
  } catch (error) {
    throw hasCode(error, 'DATABASE_CONSTRAINT') ? thingExists(serial) : error;
  }
}
