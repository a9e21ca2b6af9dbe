/**
 * Which device sits in which place. Places outlive devices: one may go and another take its place, and
 * the placement keeps its name, its attributes and the list of who was there.
 * Invariant: a thing is in at most one slot, and a slot holds at most one thing.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow, SqlWriter } from '../../core/db/database.js';
import { check } from './checks.js';
import { associationConflict, projectInvalid, projectPartUnknown } from './errors.js';
import type { ProjectChanges } from './project-changes.js';
import { beginStay, deleteDevice, endStay, insertDevice } from './project-statements.js';
import type { ProjectTables } from './project-tables.js';
import { deviceId as deviceIdSchema, type Placement, type Slot } from './shapes.js';

/**
 * Tells the names under which a template may ask for a thing: its type and its kind; undefined when
 * there is no such thing, or nobody has claimed it.
 */
export type TypesOfThing = (thing: string) => Promise<readonly string[] | undefined>;

export interface AssociationParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly tables: ProjectTables;
  readonly changes: ProjectChanges;
  readonly typesOf: TypesOfThing;
}

/** One device in one place, from when to when. */
export interface Stay {
  readonly deviceTemplateName: string;
  readonly deviceId: string;
  /** 0 when it was there before this was written down. */
  readonly fromMs: number;
  readonly toMs: number | null;
  /** Clicks received meanwhile. */
  readonly clicks: number;
}

type Also = (tx: SqlWriter) => Promise<void>;

export class Associations {
  readonly #parts: AssociationParts;

  constructor(parts: AssociationParts) {
    this.#parts = parts;
  }

  slotOf(thing: string): Slot | undefined {
    return this.#parts.tables.slotOf(thing);
  }

  /** @throws PROJECT_INVALID for a malformed id or a wrong type, PROJECT_UNKNOWN, ASSOCIATION_CONFLICT */
  associate(slot: Slot, thing: string): Promise<void> {
    const { changes, clock, tables } = this.#parts;
    return changes.run(async () => {
      const placement = this.#requireSlot(slot);
      await this.#checkType(slot, thing);
      const sitting = placement.devices[slot.deviceTemplateName];
      if (sitting === thing) return;
      if (sitting !== undefined) {
        throw associationConflict(
          `"${slot.deviceTemplateName}" of ${placement.placementName} holds "${sitting}".`,
        );
      }
      this.#requireFree(thing);
      await changes.write([insertDevice(slot, thing), beginStay(slot, thing, clock.now())]);
      tables.setDevice(slot, thing);
    });
  }

  /** Harmless when the slot is empty. @throws PROJECT_UNKNOWN */
  disassociate(slot: Slot): Promise<void> {
    const { changes, tables } = this.#parts;
    return changes.run(async () => {
      const thing = this.#requireSlot(slot).devices[slot.deviceTemplateName];
      if (thing === undefined) return;
      await changes.write([deleteDevice(slot, thing)], (tx) => this.#end(tx, thing));
      tables.setDevice(slot, undefined);
    });
  }

  /** Takes the thing out of its slot, if it sits in one, and does `also` in the same transaction. */
  vacate(thing: string, also: Also): Promise<void> {
    const { changes, tables } = this.#parts;
    return changes.run(async () => {
      const slot = tables.slotOf(thing);
      await changes.write(slot === undefined ? [] : [deleteDevice(slot, thing)], async (tx) => {
        await also(tx);
        await this.#end(tx, thing);
      });
      if (slot !== undefined) tables.setDevice(slot, undefined);
    });
  }

  /** Puts `next` where `thing` sits. @throws PROJECT_INVALID, ASSOCIATION_CONFLICT, what `also` throws */
  exchange(thing: string, next: string, also: Also): Promise<void> {
    const { changes, clock, tables } = this.#parts;
    return changes.run(async () => {
      const slot = tables.slotOf(thing);
      if (slot === undefined) throw associationConflict(`"${thing}" has left its place meanwhile.`);
      await this.#checkType(slot, next);
      this.#requireFree(next);
      const statements = [deleteDevice(slot, thing), insertDevice(slot, next)];
      await changes.write(statements, async (tx) => {
        await this.#end(tx, thing);
        const { sql, params } = beginStay(slot, next, clock.now());
        await tx.run(sql, params);
        await also(tx);
      });
      tables.setDevice(slot, undefined);
      tables.setDevice(slot, next);
    });
  }

  /** Who was in the placement, the latest first, at most 200. @throws PROJECT_UNKNOWN */
  async history(projectName: string, placementName: string): Promise<Stay[]> {
    this.#requirePlacement(projectName, placementName);
    const rows = await this.#parts.database.all(
      `SELECT template, device, from_ms, to_ms, (
         SELECT COUNT(*) FROM clicks WHERE thing = device AND received_ms >= from_ms
           AND received_ms < COALESCE(to_ms, 9e15)
       ) AS clicks
       FROM placement_history WHERE project = ? AND placement = ? ORDER BY n DESC LIMIT 200`,
      [projectName, placementName],
    );
    return rows.map(stayOf);
  }

  async #end(tx: SqlWriter, thing: string): Promise<void> {
    const { sql, params } = endStay(thing, this.#parts.clock.now());
    await tx.run(sql, params);
  }

  async #checkType(slot: Slot, thing: string): Promise<void> {
    const wanted = this.#templateOf(slot);
    const types = await this.#parts.typesOf(check(deviceIdSchema, thing));
    if (types === undefined) throw projectPartUnknown('claimed device', thing);
    if (wanted !== undefined && !types.includes(wanted)) {
      throw projectInvalid(`the device is a ${types[0]}, the template wants a ${wanted}`);
    }
  }

  #requireFree(thing: string): void {
    const elsewhere = this.slotOf(thing);
    if (elsewhere) {
      throw associationConflict(
        `"${thing}" sits in placement ${elsewhere.placementName} of ${elsewhere.projectName}.`,
      );
    }
  }

  #templateOf({ projectName, deviceTemplateName }: Slot): string | undefined {
    const templates = this.#parts.tables.project(projectName)?.placementTemplate.deviceTemplates;
    return templates?.[deviceTemplateName]?.deviceType;
  }

  #requireSlot(slot: Slot): Placement {
    const placement = this.#requirePlacement(slot.projectName, slot.placementName);
    const filled = placement.devices[slot.deviceTemplateName] !== undefined;
    if (!filled && this.#templateOf(slot) === undefined) {
      throw projectPartUnknown('device template', slot.deviceTemplateName);
    }
    return placement;
  }

  #requirePlacement(projectName: string, placementName: string): Placement {
    const { tables } = this.#parts;
    if (tables.project(projectName) === undefined) throw projectPartUnknown('project', projectName);
    const placement = tables.placement(projectName, placementName);
    if (placement === undefined) throw projectPartUnknown('placement', placementName);
    return placement;
  }
}

function stayOf(row: SqlRow): Stay {
  const toMs = row['to_ms'];
  return {
    deviceTemplateName: String(row['template']),
    deviceId: String(row['device']),
    fromMs: Number(row['from_ms']),
    toMs: typeof toMs === 'number' ? toMs : null,
    clicks: Number(row['clicks']),
  };
}
