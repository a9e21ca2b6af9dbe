/** The statements by which projects, placements and associations are changed, one each. */
import type { SqlStatement } from '../../core/db/database.js';
import type { Placement, Project, Slot } from './shapes.js';

export function insertProject(project: Project): SqlStatement {
  const { projectName, description, placementTemplate, createdMs, updatedMs } = project;
  return {
    sql: `INSERT INTO projects (name, description, placement_template, created_ms, updated_ms)
          VALUES (?, ?, ?, ?, ?)`,
    params: [projectName, description, JSON.stringify(placementTemplate), createdMs, updatedMs],
  };
}

export function updateProject(project: Project): SqlStatement {
  const { projectName, description, placementTemplate, updatedMs } = project;
  return {
    sql: 'UPDATE projects SET description = ?, placement_template = ?, updated_ms = ? WHERE name = ?',
    params: [description, JSON.stringify(placementTemplate), updatedMs, projectName],
  };
}

export function deleteProject(name: string): SqlStatement {
  return { sql: 'DELETE FROM projects WHERE name = ?', params: [name] };
}

export function insertPlacement(placement: Placement): SqlStatement {
  const { projectName, placementName, attributes, createdMs, updatedMs } = placement;
  return {
    sql: `INSERT INTO placements (project, name, attributes, created_ms, updated_ms)
          VALUES (?, ?, ?, ?, ?)`,
    params: [projectName, placementName, JSON.stringify(attributes), createdMs, updatedMs],
  };
}

export function updatePlacement(placement: Placement): SqlStatement {
  const { projectName, placementName, attributes, updatedMs } = placement;
  return {
    sql: 'UPDATE placements SET attributes = ?, updated_ms = ? WHERE project = ? AND name = ?',
    params: [JSON.stringify(attributes), updatedMs, projectName, placementName],
  };
}

export function deletePlacement(project: string, name: string): SqlStatement {
  return { sql: 'DELETE FROM placements WHERE project = ? AND name = ?', params: [project, name] };
}

export function insertDevice(slot: Slot, thing: string): SqlStatement {
  return {
    sql: 'INSERT INTO placement_devices (project, placement, template, device) VALUES (?, ?, ?, ?)',
    params: [slot.projectName, slot.placementName, slot.deviceTemplateName, thing],
  };
}

export function deleteDevice(slot: Slot): SqlStatement {
  return {
    sql: 'DELETE FROM placement_devices WHERE project = ? AND placement = ? AND template = ?',
    params: [slot.projectName, slot.placementName, slot.deviceTemplateName],
  };
}
