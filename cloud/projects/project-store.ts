/**
 * Projects, placements and which thing sits where, with the rules of AWS IoT 1-Click. All of it is in
 * memory, changed after each commit, so that a click finds its place without waiting.
 * Invariant: a thing is in at most one slot, and a slot holds at most one thing.
 */
import type { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import type { Database, SqlStatement } from '../../core/db/database.js';
import type { ProjectView } from '../../core/wire/api.js';
import type { PlacementOfThing } from '../actions/event.js';
import { check, withoutEmpty } from './checks.js';
import {
  associationConflict,
  projectInvalid,
  projectPartExists,
  projectPartInUse,
  projectPartUnknown,
} from './errors.js';
import {
  deleteDevice,
  deletePlacement,
  deleteProject,
  insertDevice,
  insertPlacement,
  insertProject,
  updatePlacement,
  updateProject,
} from './project-statements.js';
import { loadProjects, type ProjectTables, placementKey } from './project-tables.js';
import {
  type Attributes,
  attributes as attributesSchema,
  description as descriptionSchema,
  deviceId as deviceIdSchema,
  type Placement,
  type PlacementTemplate,
  type Project,
  placementName as placementNameSchema,
  placementTemplate as placementTemplateSchema,
  projectName as projectNameSchema,
  type Slot,
} from './shapes.js';

/** Tells the type of a thing; undefined when there is no such thing. */
export type TypeOfThing = (thing: string) => Promise<string | undefined>;

export class ProjectStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #typeOf: TypeOfThing;
  readonly #tables: ProjectTables;
  /** Changes run one after the other: each checks memory, writes, then changes memory. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(database: Database, clock: Clock, typeOf: TypeOfThing, tables: ProjectTables) {
    this.#database = database;
    this.#clock = clock;
    this.#typeOf = typeOf;
    this.#tables = tables;
  }

  static async open(database: Database, clock: Clock, typeOf: TypeOfThing): Promise<ProjectStore> {
    return new ProjectStore(database, clock, typeOf, await loadProjects(database));
  }

  project(name: string): Project | undefined {
    return this.#tables.projects.get(name);
  }

  placement(project: string, name: string): Placement | undefined {
    return this.#tables.placements.get(placementKey(project, name));
  }

  /** By name. */
  projects(): Project[] {
    return [...this.#tables.projects.values()].sort((a, b) => (a.projectName < b.projectName ? -1 : 1));
  }

  /** By name. */
  placementsOf(project: string): Placement[] {
    return [...this.#tables.placements.values()]
      .filter((placement) => placement.projectName === project)
      .sort((a, b) => (a.placementName < b.placementName ? -1 : 1));
  }

  slotOf(thing: string): Slot | undefined {
    return this.#tables.slots.get(thing);
  }

  /** Where a thing sits, with the attributes as a handler sees them, and what runs on a click. */
  placementOf(thing: string): (PlacementOfThing & { onClickCallback: string | undefined }) | undefined {
    const slot = this.slotOf(thing);
    const project = slot && this.project(slot.projectName);
    const placement = slot && this.placement(slot.projectName, slot.placementName);
    if (!slot || !project || !placement) return undefined;
    const { defaultAttributes, deviceTemplates } = project.placementTemplate;
    const callback = deviceTemplates[slot.deviceTemplateName]?.callbackOverrides['onClickCallback'];
    return {
      ...slot,
      attributes: { ...defaultAttributes, ...placement.attributes },
      devices: placement.devices,
      onClickCallback: callback || undefined,
    };
  }

  views(): ProjectView[] {
    return this.projects().map(({ projectName, description }) => ({
      projectName,
      description,
      placements: this.placementsOf(projectName).map(({ placementName, attributes, devices }) => ({
        placementName,
        attributes: { ...attributes },
        devices: { ...devices },
      })),
    }));
  }

  /** @throws PROJECT_INVALID, PROJECT_EXISTS */
  createProject(
    name: string,
    given: { description?: string; placementTemplate?: z.input<typeof placementTemplateSchema> } = {},
  ): Promise<Project> {
    return this.#change(async () => {
      const projectName = check(projectNameSchema, name);
      if (this.project(name)) throw projectPartExists('project', name);
      const now = this.#clock.now();
      const project: Project = {
        projectName,
        description: check(descriptionSchema, given.description ?? ''),
        placementTemplate: check(placementTemplateSchema, given.placementTemplate ?? {}),
        tags: {},
        createdMs: now,
        updatedMs: now,
      };
      await this.#write(insertProject(project));
      this.#tables.projects.set(name, project);
      return project;
    });
  }

  /** Takes the template as it is given; the rule that template names are fixed is the REST API's. */
  updateProject(
    name: string,
    given: { description?: string; placementTemplate?: PlacementTemplate },
  ): Promise<Project> {
    return this.#change(async () => {
      const before = this.#requireProject(name);
      const project: Project = {
        ...before,
        description: check(descriptionSchema, given.description ?? before.description),
        placementTemplate: check(
          placementTemplateSchema,
          given.placementTemplate ?? before.placementTemplate,
        ),
        updatedMs: this.#clock.now(),
      };
      await this.#write(updateProject(project));
      this.#tables.projects.set(name, project);
      return project;
    });
  }

  /** @throws PROJECT_UNKNOWN, PROJECT_IN_USE while it has placements */
  deleteProject(name: string): Promise<void> {
    return this.#change(async () => {
      this.#requireProject(name);
      if (this.placementsOf(name).length > 0) throw projectPartInUse('project', name, 'placements');
      await this.#write(deleteProject(name));
      this.#tables.projects.delete(name);
    });
  }

  /** @throws PROJECT_INVALID, PROJECT_UNKNOWN, PROJECT_EXISTS */
  createPlacement(project: string, name: string, given: Attributes = {}): Promise<Placement> {
    return this.#change(async () => {
      this.#requireProject(project);
      const placementName = check(placementNameSchema, name);
      if (this.placement(project, name)) throw projectPartExists('placement', name);
      const now = this.#clock.now();
      const attributes = withoutEmpty(check(attributesSchema, given));
      const times = { createdMs: now, updatedMs: now };
      const placement: Placement = { projectName: project, placementName, attributes, devices: {}, ...times };
      await this.#write(insertPlacement(placement));
      this.#tables.placements.set(placementKey(project, name), placement);
      return placement;
    });
  }

  /** Key by key: an empty value clears, what is not given stays. @throws PROJECT_INVALID, PROJECT_UNKNOWN */
  updatePlacement(project: string, name: string, given: Attributes): Promise<Placement> {
    return this.#change(async () => {
      const before = this.#requirePlacement(project, name);
      const merged = withoutEmpty({ ...before.attributes, ...check(attributesSchema, given) });
      const placement: Placement = {
        ...before,
        attributes: check(attributesSchema, merged),
        updatedMs: this.#clock.now(),
      };
      await this.#write(updatePlacement(placement));
      this.#tables.placements.set(placementKey(project, name), placement);
      return placement;
    });
  }

  /** @throws PROJECT_UNKNOWN, PROJECT_IN_USE while a device sits in it */
  deletePlacement(project: string, name: string): Promise<void> {
    return this.#change(async () => {
      const { devices } = this.#requirePlacement(project, name);
      if (Object.keys(devices).length > 0) throw projectPartInUse('placement', name, 'devices');
      await this.#write(deletePlacement(project, name));
      this.#tables.placements.delete(placementKey(project, name));
    });
  }

  /** @throws PROJECT_INVALID for a malformed id or a wrong type, PROJECT_UNKNOWN, ASSOCIATION_CONFLICT */
  associate(slot: Slot, thing: string): Promise<void> {
    return this.#change(async () => {
      const placement = this.#requirePlacement(slot.projectName, slot.placementName);
      const { deviceTemplates } = this.#requireProject(slot.projectName).placementTemplate;
      const template = deviceTemplates[slot.deviceTemplateName];
      if (template === undefined) throw projectPartUnknown('device template', slot.deviceTemplateName);
      const type = await this.#typeOf(check(deviceIdSchema, thing));
      if (type === undefined) throw projectPartUnknown('device', thing);
      if (type !== template.deviceType) {
        throw projectInvalid(`the device is a ${type}, the template wants a ${template.deviceType}`);
      }
      if (placement.devices[slot.deviceTemplateName] === thing) return;
      this.#requireFree(slot, placement, thing);
      await this.#write(insertDevice(slot, thing));
      this.#setDevice(slot, thing);
    });
  }

  /** Harmless when the slot is empty. @throws PROJECT_UNKNOWN */
  disassociate(slot: Slot): Promise<void> {
    return this.#change(async () => {
      const { devices } = this.#requirePlacement(slot.projectName, slot.placementName);
      if (devices[slot.deviceTemplateName] === undefined) return;
      await this.#write(deleteDevice(slot));
      this.#setDevice(slot, undefined);
    });
  }

  #requireFree(slot: Slot, placement: Placement, thing: string): void {
    const sitting = placement.devices[slot.deviceTemplateName];
    if (sitting !== undefined) {
      throw associationConflict(
        `"${slot.deviceTemplateName}" of ${placement.placementName} holds "${sitting}".`,
      );
    }
    const elsewhere = this.slotOf(thing);
    if (elsewhere) {
      throw associationConflict(
        `"${thing}" sits in placement ${elsewhere.placementName} of ${elsewhere.projectName}.`,
      );
    }
  }

  #setDevice(slot: Slot, thing: string | undefined): void {
    const key = placementKey(slot.projectName, slot.placementName);
    const placement = this.#tables.placements.get(key);
    if (placement === undefined) return;
    const { [slot.deviceTemplateName]: before, ...others } = placement.devices;
    if (before !== undefined) this.#tables.slots.delete(before);
    if (thing !== undefined) this.#tables.slots.set(thing, slot);
    const devices = thing === undefined ? others : { ...others, [slot.deviceTemplateName]: thing };
    this.#tables.placements.set(key, { ...placement, devices });
  }

  #requireProject(name: string): Project {
    const project = this.project(name);
    if (project === undefined) throw projectPartUnknown('project', name);
    return project;
  }

  #requirePlacement(project: string, name: string): Placement {
    this.#requireProject(project);
    const placement = this.placement(project, name);
    if (placement === undefined) throw projectPartUnknown('placement', name);
    return placement;
  }

  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }

  async #write(statement: SqlStatement): Promise<void> {
    await this.#database.run(statement.sql, statement.params);
  }
}
