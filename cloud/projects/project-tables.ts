/** Reads all projects, placements and associations from the database at start-up. */
import type { Database } from '../../core/db/database.js';
import {
  type Attributes,
  type Placement,
  type PlacementTemplate,
  type Project,
  placementTemplate,
  type Slot,
} from './shapes.js';

export interface ProjectTables {
  readonly projects: Map<string, Project>;
  /** By `placementKey`. */
  readonly placements: Map<string, Placement>;
  /** By thing. */
  readonly slots: Map<string, Slot>;
}

export function placementKey(project: string, placement: string): string {
  return `${project}/${placement}`;
}

export async function loadProjects(database: Database): Promise<ProjectTables> {
  const projectRows = await database.all('SELECT * FROM projects LIMIT 100000');
  const placementRows = await database.all('SELECT * FROM placements LIMIT 100000');
  const deviceRows = await database.all('SELECT * FROM placement_devices LIMIT 100000');
  const slots = new Map<string, Slot>();
  const devices = new Map<string, Record<string, string>>();
  for (const row of deviceRows) {
    const slot: Slot = {
      projectName: String(row['project']),
      placementName: String(row['placement']),
      deviceTemplateName: String(row['template']),
    };
    const key = placementKey(slot.projectName, slot.placementName);
    slots.set(String(row['device']), slot);
    devices.set(key, { ...devices.get(key), [slot.deviceTemplateName]: String(row['device']) });
  }
  const projects = projectRows.map(
    (row): Project => ({
      projectName: String(row['name']),
      description: String(row['description']),
      placementTemplate: placementTemplate.parse(
        JSON.parse(String(row['placement_template'])),
      ) as PlacementTemplate,
      tags: JSON.parse(String(row['tags'])) as Record<string, string>,
      createdMs: Number(row['created_ms']),
      updatedMs: Number(row['updated_ms']),
    }),
  );
  const placements = placementRows.map(
    (row): Placement => ({
      projectName: String(row['project']),
      placementName: String(row['name']),
      attributes: JSON.parse(String(row['attributes'])) as Attributes,
      devices: devices.get(placementKey(String(row['project']), String(row['name']))) ?? {},
      createdMs: Number(row['created_ms']),
      updatedMs: Number(row['updated_ms']),
    }),
  );
  return {
    projects: new Map(projects.map((project) => [project.projectName, project])),
    placements: new Map(
      placements.map((placement) => [
        placementKey(placement.projectName, placement.placementName),
        placement,
      ]),
    ),
    slots,
  };
}
