/**
 * Projects and placements with the rules of AWS IoT 1-Click. All of it is in memory, changed after each
 * commit, so that a click finds its place without waiting.
 */
import type { z } from 'zod';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import type { PlacementOfThing } from '../actions/event.js';
import { Associations, type TypesOfThing } from './associations.js';
import { check, withoutEmpty } from './checks.js';
import { projectChanged, projectPartExists, projectPartInUse, projectPartUnknown } from './errors.js';
import { ProjectChanges } from './project-changes.js';
import {
  deletePlacement,
  deleteProject,
  insertPlacement,
  insertProject,
  updatePlacement,
  updateProject,
} from './project-statements.js';
import { ProjectTables, pageOf } from './project-tables.js';
import {
  type Attributes,
  attributes as attributesSchema,
  description as descriptionSchema,
  type Placement,
  type PlacementTemplate,
  type Project,
  placementName as placementNameSchema,
  placementTemplate as placementTemplateSchema,
  projectName as projectNameSchema,
  type Slot,
} from './shapes.js';

/** Names after `after`, at most `limit`. */
export interface NamePage {
  readonly after?: string | undefined;
  readonly limit?: number;
}

export class ProjectStore {
  readonly associations: Associations;
  readonly #clock: Clock;
  readonly #tables: ProjectTables;
  readonly #changes: ProjectChanges;

  private constructor(
    clock: Clock,
    tables: ProjectTables,
    changes: ProjectChanges,
    associations: Associations,
  ) {
    this.#clock = clock;
    this.#tables = tables;
    this.#changes = changes;
    this.associations = associations;
  }

  static async open(database: Database, clock: Clock, typesOf: TypesOfThing): Promise<ProjectStore> {
    const tables = await ProjectTables.load(database);
    const changes = new ProjectChanges(database);
    const associations = new Associations({ database, clock, tables, changes, typesOf });
    return new ProjectStore(clock, tables, changes, associations);
  }

  project(name: string): Project | undefined {
    return this.#tables.project(name);
  }

  placement(project: string, name: string): Placement | undefined {
    return this.#tables.placement(project, name);
  }

  /** By name. */
  projects({ after, limit = Number.POSITIVE_INFINITY }: NamePage = {}): Project[] {
    return pageOf(this.#tables.projectNames(), after, limit).flatMap((name) => this.project(name) ?? []);
  }

  /** By name. */
  placementsOf(project: string, { after, limit = Number.POSITIVE_INFINITY }: NamePage = {}): Placement[] {
    const names = pageOf(this.#tables.placementNames(project), after, limit);
    return names.flatMap((name) => this.placement(project, name) ?? []);
  }

  /** How many placements it has. */
  placementCount(project: string): number {
    return this.#tables.placementNames(project).length;
  }

  slotOf(thing: string): Slot | undefined {
    return this.#tables.slotOf(thing);
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

  /** @throws PROJECT_INVALID, PROJECT_EXISTS */
  createProject(
    name: string,
    given: {
      description?: string | undefined;
      placementTemplate?: z.input<typeof placementTemplateSchema> | undefined;
      tags?: Readonly<Record<string, string>> | undefined;
    } = {},
  ): Promise<Project> {
    return this.#changes.run(async () => {
      const projectName = check(projectNameSchema, name);
      if (this.project(name)) throw projectPartExists('project', name);
      const now = this.#clock.now();
      const project: Project = {
        projectName,
        description: check(descriptionSchema, given.description ?? ''),
        placementTemplate: check(placementTemplateSchema, given.placementTemplate ?? {}),
        tags: given.tags ?? {},
        createdMs: now,
        updatedMs: now,
        version: 1,
      };
      await this.#changes.write([insertProject(project)]);
      this.#tables.setProject(project);
      return project;
    });
  }

  /**
   * Takes the template as it is given; the rule that template names are fixed is the REST API's.
   * @throws PROJECT_INVALID, PROJECT_UNKNOWN, PROJECT_CHANGED when it is not at `expectedVersion` any more
   */
  updateProject(
    name: string,
    given: ProjectChange | ((before: Project) => ProjectChange),
    expectedVersion?: number,
  ): Promise<Project> {
    return this.#changes.run(async () => {
      const before = this.#requireProject(name);
      requireVersion(before, expectedVersion);
      const change = typeof given === 'function' ? given(before) : given;
      const project: Project = {
        ...before,
        description: check(descriptionSchema, change.description ?? before.description),
        placementTemplate: check(
          placementTemplateSchema,
          change.placementTemplate ?? before.placementTemplate,
        ),
        tags: change.tags ?? before.tags,
        updatedMs: this.#clock.now(),
        version: before.version + 1,
      };
      await this.#changes.write([updateProject(project)]);
      this.#tables.setProject(project);
      return project;
    });
  }

  /** @throws PROJECT_UNKNOWN, PROJECT_IN_USE while it has placements */
  deleteProject(name: string, expectedVersion?: number): Promise<void> {
    return this.#changes.run(async () => {
      const project = this.#requireProject(name);
      requireVersion(project, expectedVersion);
      if (this.placementCount(name) > 0) throw projectPartInUse('project', name, 'placements');
      await this.#changes.write([deleteProject(project)]);
      this.#tables.deleteProject(name);
    });
  }

  /** @throws PROJECT_INVALID, PROJECT_UNKNOWN, PROJECT_EXISTS */
  createPlacement(project: string, name: string, given: Attributes = {}): Promise<Placement> {
    return this.#changes.run(async () => {
      this.#requireProject(project);
      const placementName = check(placementNameSchema, name);
      if (this.placement(project, name)) throw projectPartExists('placement', name);
      const now = this.#clock.now();
      const attributes = withoutEmpty(check(attributesSchema, given));
      const times = { createdMs: now, updatedMs: now, version: 1 };
      const placement: Placement = { projectName: project, placementName, attributes, devices: {}, ...times };
      await this.#changes.write([insertPlacement(placement)]);
      this.#tables.setPlacement(placement);
      return placement;
    });
  }

  /**
   * Key by key: an empty value clears, what is not given stays.
   * @throws PROJECT_INVALID, PROJECT_UNKNOWN, PROJECT_CHANGED
   */
  updatePlacement(
    project: string,
    name: string,
    given: Attributes,
    expectedVersion?: number,
  ): Promise<Placement> {
    return this.#changes.run(async () => {
      const before = this.#requirePlacement(project, name);
      requireVersion(before, expectedVersion);
      const merged = withoutEmpty({ ...before.attributes, ...check(attributesSchema, given) });
      const placement: Placement = {
        ...before,
        attributes: check(attributesSchema, merged),
        updatedMs: this.#clock.now(),
        version: before.version + 1,
      };
      await this.#changes.write([updatePlacement(placement)]);
      this.#tables.setPlacement(placement);
      return placement;
    });
  }

  /** @throws PROJECT_UNKNOWN, PROJECT_IN_USE while a device sits in it */
  deletePlacement(project: string, name: string, expectedVersion?: number): Promise<void> {
    return this.#changes.run(async () => {
      const placement = this.#requirePlacement(project, name);
      requireVersion(placement, expectedVersion);
      if (Object.keys(placement.devices).length > 0) throw projectPartInUse('placement', name, 'devices');
      await this.#changes.write([deletePlacement(placement)]);
      this.#tables.deletePlacement(project, name);
    });
  }

  /** @throws PROJECT_INVALID for a malformed id or a wrong type, PROJECT_UNKNOWN, ASSOCIATION_CONFLICT */
  associate(slot: Slot, thing: string): Promise<void> {
    return this.associations.associate(slot, thing);
  }

  /** Harmless when the slot is empty. @throws PROJECT_UNKNOWN */
  disassociate(slot: Slot): Promise<void> {
    return this.associations.disassociate(slot);
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
}

export interface ProjectChange {
  readonly description?: string | undefined;
  readonly placementTemplate?: PlacementTemplate | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

function requireVersion({ version }: { readonly version: number }, expected: number | undefined): void {
  if (expected !== undefined && expected !== version) throw projectChanged();
}
