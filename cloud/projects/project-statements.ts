/**
 * The statements by which projects, placements and associations are changed, one each. An update or a
 * deletion holds only for the version that was read.
 */
import type { SqlStatement } from '../../core/db/database.js';
import type { Placement, Project, Slot } from './shapes.js';

export function insertProject(project: Project): SqlStatement {
  const { projectName, description, placementTemplate, tags, createdMs, updatedMs } = project;
  return {
    sql: `INSERT INTO projects (name, description, placement_template, tags, created_ms, updated_ms)
          VALUES (?, ?, ?, ?, ?, ?)`,
    params: [
      projectName,
      description,
      JSON.stringify(placementTemplate),
      JSON.stringify(tags),
      createdMs,
      updatedMs,
    ],
  };
}

/** `project` is the new one; the row must still be at the version before. */
export function updateProject(project: Project): SqlStatement {
  const { projectName, description, placementTemplate, tags, updatedMs, version } = project;
  return {
    sql: `UPDATE projects SET description = ?, placement_template = ?, tags = ?, updated_ms = ?, version = ?
          WHERE name = ? AND version = ?`,
    params: [
      description,
      JSON.stringify(placementTemplate),
      JSON.stringify(tags),
      updatedMs,
      version,
      projectName,
      version - 1,
    ],
  };
}

export function deleteProject({ projectName, version }: Project): SqlStatement {
  return { sql: 'DELETE FROM projects WHERE name = ? AND version = ?', params: [projectName, version] };
}

export function insertPlacement(placement: Placement): SqlStatement {
  const { projectName, placementName, attributes, createdMs, updatedMs } = placement;
  return {
    sql: `INSERT INTO placements (project, name, attributes, created_ms, updated_ms)
          VALUES (?, ?, ?, ?, ?)`,
    params: [projectName, placementName, JSON.stringify(attributes), createdMs, updatedMs],
  };
}

/** As `updateProject`. */
export function updatePlacement(placement: Placement): SqlStatement {
  const { projectName, placementName, attributes, updatedMs, version } = placement;
  return {
    sql: `UPDATE placements SET attributes = ?, updated_ms = ?, version = ?
          WHERE project = ? AND name = ? AND version = ?`,
    params: [JSON.stringify(attributes), updatedMs, version, projectName, placementName, version - 1],
  };
}

export function deletePlacement({ projectName, placementName, version }: Placement): SqlStatement {
  return {
    sql: 'DELETE FROM placements WHERE project = ? AND name = ? AND version = ?',
    params: [projectName, placementName, version],
  };
}

export function insertDevice(slot: Slot, thing: string): SqlStatement {
  return {
    sql: 'INSERT INTO placement_devices (project, placement, template, device) VALUES (?, ?, ?, ?)',
    params: [slot.projectName, slot.placementName, slot.deviceTemplateName, thing],
  };
}

/** Only while that very thing sits there. */
export function deleteDevice(slot: Slot, thing: string): SqlStatement {
  return {
    sql: 'DELETE FROM placement_devices WHERE project = ? AND placement = ? AND template = ? AND device = ?',
    params: [slot.projectName, slot.placementName, slot.deviceTemplateName, thing],
  };
}

export function beginStay(slot: Slot, thing: string, nowMs: number): SqlStatement {
  return {
    sql: `INSERT INTO placement_history (project, placement, template, device, from_ms)
          VALUES (?, ?, ?, ?, ?)`,
    params: [slot.projectName, slot.placementName, slot.deviceTemplateName, thing, nowMs],
  };
}

export function endStay(thing: string, nowMs: number): SqlStatement {
  return {
    sql: 'UPDATE placement_history SET to_ms = ? WHERE device = ? AND to_ms IS NULL',
    params: [nowMs, thing],
  };
}
