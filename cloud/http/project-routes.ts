/** Routes of projects, placements and who sits where. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import {
  associateRequest,
  changePlacement,
  changeProject,
  createPlacement,
  createProject,
  type PlacementView,
  type ProjectView,
  type StayView,
} from '../../core/wire/project-api.js';
import type { Stay } from '../projects/associations.js';
import { projectPartUnknown } from '../projects/errors.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { Placement, Project, Slot } from '../projects/shapes.js';
import { expectedVersion, setVersion } from './preconditions.js';
import { pageQuery, readBody, readQuery } from './request.js';
import type { Services } from './services.js';

export function projectRoutes(services: Services): Hono {
  const { projects } = services;
  const routes = new Hono();
  routes.get('/', (c) => {
    return c.json(projects.projects(readQuery(c, pageQuery)).map((one) => viewOf(projects, one)));
  });
  routes.post('/', async (c) => {
    const { projectName, ...given } = await readBody(c, createProject);
    const project = await projects.createProject(projectName, given);
    setVersion(c, project);
    return c.json(viewOf(projects, project), 201);
  });
  routes.get('/:project', (c) => {
    const project = requireProject(projects, c.req.param('project'));
    setVersion(c, project);
    return c.json(viewOf(projects, project));
  });
  routes.patch('/:project', async (c) => {
    const change = await readBody(c, changeProject);
    const project = await projects.updateProject(c.req.param('project'), change, expectedVersion(c));
    setVersion(c, project);
    return c.json(viewOf(projects, project));
  });
  routes.delete('/:project', async (c) => {
    await projects.deleteProject(c.req.param('project'), expectedVersion(c));
    return c.json({ deleted: true });
  });
  routes.route('/:project/placements', placementRoutes(services));
  return routes;
}

function placementRoutes(services: Services): Hono {
  const { projects } = services;
  const routes = new Hono();
  const project = (c: { req: { param(name: string): string | undefined } }) => c.req.param('project') ?? '';
  routes.get('/', (c) => {
    const { projectName } = requireProject(projects, project(c));
    return c.json(projects.placementsOf(projectName, readQuery(c, pageQuery)).map(placementViewOf));
  });
  routes.post('/', async (c) => {
    const { placementName, attributes } = await readBody(c, createPlacement);
    const placement = await projects.createPlacement(project(c), placementName, attributes);
    setVersion(c, placement);
    return c.json(placementViewOf(placement), 201);
  });
  routes.get('/:placement', (c) => {
    const placement = requirePlacement(projects, project(c), c.req.param('placement'));
    setVersion(c, placement);
    return c.json(placementViewOf(placement));
  });
  routes.patch('/:placement', async (c) => {
    const { attributes } = await readBody(c, changePlacement);
    const name = c.req.param('placement');
    const placement = await projects.updatePlacement(project(c), name, attributes, expectedVersion(c));
    setVersion(c, placement);
    return c.json(placementViewOf(placement));
  });
  routes.delete('/:placement', async (c) => {
    await projects.deletePlacement(project(c), c.req.param('placement'), expectedVersion(c));
    return c.json({ deleted: true });
  });
  routes.get('/:placement/history', async (c) => {
    const stays = await projects.associations.history(project(c), c.req.param('placement'));
    return c.json(stays.map(stayViewOf));
  });
  routes.put('/:placement/devices/:template', async (c) => {
    const { deviceId } = await readBody(c, associateRequest);
    const slot = slotOf(project(c), c.req.param('placement'), c.req.param('template'));
    await projects.associate(slot, deviceId);
    return c.json(await told(services, slot, deviceId));
  });
  routes.delete('/:placement/devices/:template', async (c) => {
    const slot = slotOf(project(c), c.req.param('placement'), c.req.param('template'));
    const sitting = projects.placement(slot.projectName, slot.placementName)?.devices[
      slot.deviceTemplateName
    ];
    await projects.disassociate(slot);
    return c.json(await told(services, slot, sitting));
  });
  return routes;
}

async function told({ projects, things, hub }: Services, slot: Slot, thing: string | undefined) {
  if (thing !== undefined) hub.publish({ type: 'thing', data: await things.view(thing) });
  return placementViewOf(requirePlacement(projects, slot.projectName, slot.placementName));
}

function slotOf(projectName: string, placementName: string, deviceTemplateName: string): Slot {
  return { projectName, placementName, deviceTemplateName };
}

function viewOf(projects: ProjectStore, project: Project): ProjectView {
  const { projectName, description, placementTemplate, tags, version } = project;
  return {
    projectName,
    description,
    placementTemplate,
    tags: { ...tags },
    placementCount: projects.placementCount(projectName),
    version,
  };
}

function placementViewOf({ placementName, attributes, devices, version }: Placement): PlacementView {
  return { placementName, attributes: { ...attributes }, devices: { ...devices }, version };
}

function stayViewOf({ fromMs, toMs, ...stay }: Stay): StayView {
  const isoOf = (ms: number | null) => (ms === null || ms === 0 ? null : new Date(ms).toISOString());
  return { ...stay, from: isoOf(fromMs), to: isoOf(toMs) };
}

function requireProject(projects: ProjectStore, name: string): Project {
  const project = projects.project(name);
  if (project === undefined) throw projectPartUnknown('project', name);
  return project;
}

function requirePlacement(projects: ProjectStore, project: string, name: string): Placement {
  requireProject(projects, project);
  const placement = projects.placement(project, name);
  if (placement === undefined) throw projectPartUnknown('placement', name);
  return placement;
}
