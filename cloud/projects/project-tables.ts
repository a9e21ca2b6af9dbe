/**
 * Projects, placements and who sits where, in memory: read at start-up, changed after each commit.
 * Lists by name are kept sorted until something is added or taken away.
 */
import type { Database, SqlRow } from '../../core/db/database.js';
import {
  type Attributes,
  type Placement,
  type PlacementTemplate,
  type Project,
  placementTemplate,
  type Slot,
} from './shapes.js';

export class ProjectTables {
  readonly #projects = new Map<string, Project>();
  /** By project, then by name. */
  readonly #placements = new Map<string, Map<string, Placement>>();
  readonly #slots = new Map<string, Slot>();
  #sortedProjects: string[] | undefined;
  readonly #sortedPlacements = new Map<string, string[]>();

  static async load(database: Database): Promise<ProjectTables> {
    const tables = new ProjectTables();
    for (const row of await database.all('SELECT * FROM projects LIMIT 100000'))
      tables.setProject(projectOf(row));
    for (const row of await database.all('SELECT * FROM placements LIMIT 1000000')) {
      tables.setPlacement(placementOf(row));
    }
    for (const row of await database.all('SELECT * FROM placement_devices LIMIT 1000000')) {
      tables.setDevice(slotOf(row), String(row['device']));
    }
    return tables;
  }

  project(name: string): Project | undefined {
    return this.#projects.get(name);
  }

  placement(project: string, name: string): Placement | undefined {
    return this.#placements.get(project)?.get(name);
  }

  slotOf(thing: string): Slot | undefined {
    return this.#slots.get(thing);
  }

  /** Sorted. */
  projectNames(): readonly string[] {
    this.#sortedProjects ??= [...this.#projects.keys()].sort();
    return this.#sortedProjects;
  }

  /** Sorted. */
  placementNames(project: string): readonly string[] {
    const sorted =
      this.#sortedPlacements.get(project) ?? [...(this.#placements.get(project)?.keys() ?? [])].sort();
    this.#sortedPlacements.set(project, sorted);
    return sorted;
  }

  setProject(project: Project): void {
    if (!this.#projects.has(project.projectName)) this.#sortedProjects = undefined;
    this.#projects.set(project.projectName, project);
  }

  deleteProject(name: string): void {
    this.#sortedProjects = undefined;
    this.#projects.delete(name);
    this.#placements.delete(name);
    this.#sortedPlacements.delete(name);
  }

  setPlacement(placement: Placement): void {
    const { projectName, placementName } = placement;
    const placements = this.#placements.get(projectName) ?? new Map<string, Placement>();
    if (!placements.has(placementName)) this.#sortedPlacements.delete(projectName);
    this.#placements.set(projectName, placements.set(placementName, placement));
  }

  deletePlacement(project: string, name: string): void {
    this.#sortedPlacements.delete(project);
    this.#placements.get(project)?.delete(name);
  }

  /** Puts a thing into a slot, or with undefined takes out the one that sits there. */
  setDevice(slot: Slot, thing: string | undefined): void {
    const placement = this.placement(slot.projectName, slot.placementName);
    if (placement === undefined) return;
    const { [slot.deviceTemplateName]: before, ...others } = placement.devices;
    if (before !== undefined) this.#slots.delete(before);
    if (thing !== undefined) this.#slots.set(thing, slot);
    const devices = thing === undefined ? others : { ...others, [slot.deviceTemplateName]: thing };
    this.setPlacement({ ...placement, devices });
  }
}

/** The names after `after`, at most `limit` of them, from a sorted list. */
export function pageOf(sorted: readonly string[], after: string | undefined, limit: number): string[] {
  let low = 0;
  if (after !== undefined) {
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] ?? '') <= after) low = middle + 1;
      else high = middle;
    }
  }
  return sorted.slice(low, low + limit);
}

function projectOf(row: SqlRow): Project {
  return {
    projectName: String(row['name']),
    description: String(row['description']),
    placementTemplate: placementTemplate.parse(
      JSON.parse(String(row['placement_template'])),
    ) as PlacementTemplate,
    tags: JSON.parse(String(row['tags'])) as Record<string, string>,
    createdMs: Number(row['created_ms']),
    updatedMs: Number(row['updated_ms']),
    version: Number(row['version']),
  };
}

function placementOf(row: SqlRow): Placement {
  return {
    projectName: String(row['project']),
    placementName: String(row['name']),
    attributes: JSON.parse(String(row['attributes'])) as Attributes,
    devices: {},
    createdMs: Number(row['created_ms']),
    updatedMs: Number(row['updated_ms']),
    version: Number(row['version']),
  };
}

function slotOf(row: SqlRow): Slot {
  return {
    projectName: String(row['project']),
    placementName: String(row['placement']),
    deviceTemplateName: String(row['template']),
  };
}
