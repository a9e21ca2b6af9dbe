/** Projects, placements and who sits in them. A change names the version that it was made from. */
import type {
  PlacementTemplateView,
  PlacementView,
  ProjectView,
  StayView,
} from '../../../../core/wire/project-api.js';
import { segment, type Transport } from './transport.js';

/** So many projects, or placements of one, are read. */
export const listLimit = 500;

export interface ProjectFields {
  readonly description: string;
  readonly placementTemplate: PlacementTemplateView;
}

export interface ProjectCalls {
  /** By name, the first `listLimit`. */
  projects(): Promise<ProjectView[]>;
  project(name: string): Promise<ProjectView>;
  createProject(projectName: string, fields: ProjectFields): Promise<ProjectView>;
  changeProject(project: ProjectView, fields: ProjectFields): Promise<ProjectView>;
  deleteProject(project: ProjectView): Promise<unknown>;
  /** By name, the first `listLimit`. */
  placements(project: string): Promise<PlacementView[]>;
  createPlacement(
    project: string,
    placementName: string,
    attributes: Record<string, string>,
  ): Promise<PlacementView>;
  /** Key by key: an empty value clears. */
  changePlacement(
    project: string,
    placement: PlacementView,
    attributes: Record<string, string>,
  ): Promise<PlacementView>;
  deletePlacement(project: string, placement: PlacementView): Promise<unknown>;
  /** Who was there, the latest first. */
  placementHistory(project: string, placement: string): Promise<StayView[]>;
  placeDevice(project: string, placement: string, role: string, deviceId: string): Promise<PlacementView>;
  removeDevice(project: string, placement: string, role: string): Promise<PlacementView>;
}

export function projectCalls({ get, send }: Transport): ProjectCalls {
  const path = (project: string) => `/projects/${segment(project)}`;
  const placementPath = (project: string, placement: string) =>
    `${path(project)}/placements/${segment(placement)}`;
  const slotPath = (project: string, placement: string, role: string) =>
    `${placementPath(project, placement)}/devices/${segment(role)}`;
  return {
    projects: () => get(`/projects?limit=${listLimit}`),
    project: (name) => get(path(name)),
    createProject: (projectName, fields) => send('POST', '/projects', { projectName, ...fields }),
    changeProject: ({ projectName, version }, fields) =>
      send('PATCH', path(projectName), fields, { version }),
    deleteProject: ({ projectName, version }) => send('DELETE', path(projectName), {}, { version }),
    placements: (project) => get(`${path(project)}/placements?limit=${listLimit}`),
    createPlacement: (project, placementName, attributes) =>
      send('POST', `${path(project)}/placements`, { placementName, attributes }),
    changePlacement: (project, { placementName, version }, attributes) =>
      send('PATCH', placementPath(project, placementName), { attributes }, { version }),
    deletePlacement: (project, { placementName, version }) =>
      send('DELETE', placementPath(project, placementName), {}, { version }),
    placementHistory: (project, placement) => get(`${placementPath(project, placement)}/history`),
    placeDevice: (project, placement, role, deviceId) =>
      send('PUT', slotPath(project, placement, role), { deviceId }),
    removeDevice: (project, placement, role) => send('DELETE', slotPath(project, placement, role)),
  };
}
