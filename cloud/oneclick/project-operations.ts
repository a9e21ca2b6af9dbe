/** The 16 operations of the projects service. Times are epoch seconds with a fraction. */
import { z } from 'zod';
import { projectPartUnknown } from '../projects/errors.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { Placement, PlacementTemplate, Project, Slot } from '../projects/shapes.js';
import * as shapes from '../projects/shapes.js';
import type { Arns } from './arns.js';
import { parameterInvalid, resourceUnknown } from './errors.js';
import type { PageTokens } from './page-tokens.js';
import {
  type Call,
  type Handler,
  paging,
  projectTags,
  read,
  single,
  tagsOver,
  tagsWithout,
} from './parameters.js';

export interface ProjectOperationParts {
  readonly projects: ProjectStore;
  readonly arns: Arns;
  readonly tokens: PageTokens;
  /** Told of every device whose place was changed. */
  readonly onDevice: (deviceId: string) => void;
}

const listQuery = z.object(paging);
const createProject = z.object({
  projectName: shapes.projectName,
  description: shapes.description.optional(),
  placementTemplate: shapes.placementTemplate.optional(),
  tags: projectTags.optional(),
});
/** Only what is given changes, and an empty value clears. */
const updateProject = z.object({
  description: shapes.description.optional(),
  placementTemplate: z
    .object({
      defaultAttributes: shapes.attributes.optional(),
      deviceTemplates: z
        .record(
          z.string(),
          z.object({
            deviceType: z.string().optional(),
            callbackOverrides: z.record(z.string().min(1).max(128), z.string().max(200)).optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});
type TemplateChange = NonNullable<z.output<typeof updateProject>['placementTemplate']>;
const createPlacement = z.object({
  placementName: shapes.placementName,
  attributes: shapes.attributes.optional(),
});
const updatePlacement = z.object({ attributes: shapes.attributes.default({}) });
const associate = z.object({ deviceId: shapes.deviceId });

export function projectOperations(parts: ProjectOperationParts): Readonly<Record<string, Handler>> {
  return {
    ...projectHandlers(parts),
    ...placementHandlers(parts),
    ...slotHandlers(parts),
    ...tagHandlers(parts),
  };
}

function projectHandlers({ projects, arns, tokens }: ProjectOperationParts): Record<string, Handler> {
  return {
    CreateProject: async ({ body }) => {
      const { projectName, ...given } = read(createProject, body);
      await projects.createProject(projectName, given);
      return {};
    },
    ListProjects: async ({ query }) => {
      const { maxResults, nextToken } = read(listQuery, single(query));
      const listing = ['ListProjects'];
      const after = nextToken ? tokens.read(listing, nextToken) : undefined;
      const found = projects.projects({ after, limit: maxResults + 1 });
      const page = found.slice(0, maxResults);
      const last = found.length > maxResults ? page.at(-1) : undefined;
      return {
        projects: page.map((project) => summaryOf(project, arns)),
        ...(last && { nextToken: tokens.make(listing, last.projectName) }),
      };
    },
    DescribeProject: async (call) => {
      const project = requireProject(projects, call);
      const { description, placementTemplate } = project;
      return { project: { ...summaryOf(project, arns), description, placementTemplate } };
    },
    UpdateProject: async (call) => {
      const { description, placementTemplate } = read(updateProject, call.body);
      await projects.updateProject(requireProject(projects, call).projectName, (before) => ({
        description,
        ...(placementTemplate && { placementTemplate: changed(before.placementTemplate, placementTemplate) }),
      }));
      return {};
    },
    DeleteProject: async ({ path }) => {
      await projects.deleteProject(path['projectName'] ?? '');
      return {};
    },
  };
}

function placementHandlers({ projects, tokens }: ProjectOperationParts): Record<string, Handler> {
  return {
    CreatePlacement: async (call) => {
      const { placementName, attributes } = read(createPlacement, call.body);
      await projects.createPlacement(call.path['projectName'] ?? '', placementName, attributes);
      return {};
    },
    ListPlacements: async (call) => {
      const { projectName } = requireProject(projects, call);
      const { maxResults, nextToken } = read(listQuery, single(call.query));
      const listing = ['ListPlacements', projectName];
      const after = nextToken ? tokens.read(listing, nextToken) : undefined;
      const found = projects.placementsOf(projectName, { after, limit: maxResults + 1 });
      const page = found.slice(0, maxResults);
      const last = found.length > maxResults ? page.at(-1) : undefined;
      return {
        placements: page.map(placementSummaryOf),
        ...(last && { nextToken: tokens.make(listing, last.placementName) }),
      };
    },
    DescribePlacement: async (call) => {
      const placement = requirePlacement(projects, call);
      return { placement: { ...placementSummaryOf(placement), attributes: placement.attributes } };
    },
    UpdatePlacement: async (call) => {
      const { attributes } = read(updatePlacement, call.body);
      const { projectName, placementName } = requirePlacement(projects, call);
      await projects.updatePlacement(projectName, placementName, attributes);
      return {};
    },
    DeletePlacement: async (call) => {
      const { projectName, placementName } = requirePlacement(projects, call);
      await projects.deletePlacement(projectName, placementName);
      return {};
    },
    GetDevicesInPlacement: async (call) => ({ devices: requirePlacement(projects, call).devices }),
  };
}

function slotHandlers({ projects, onDevice }: ProjectOperationParts): Record<string, Handler> {
  return {
    AssociateDeviceWithPlacement: async ({ path, body }) => {
      const { deviceId } = read(associate, body);
      await projects.associate(slotOf(path), deviceId);
      onDevice(deviceId);
      return {};
    },
    DisassociateDeviceFromPlacement: async ({ path }) => {
      const slot = slotOf(path);
      const sitting = projects.placement(slot.projectName, slot.placementName)?.devices[
        slot.deviceTemplateName
      ];
      await projects.disassociate(slot);
      if (sitting !== undefined) onDevice(sitting);
      return {};
    },
  };
}

function tagHandlers({ projects, arns }: ProjectOperationParts): Record<string, Handler> {
  const nameIn = ({ path }: Call) => {
    const name = arns.nameIn(path['resourceArn'] ?? '', 'projects');
    if (projects.project(name) === undefined) throw resourceUnknown(`project ${name}`);
    return name;
  };
  return {
    ListTagsForResource: async (call) => ({ tags: projects.project(nameIn(call))?.tags ?? {} }),
    TagResource: async (call) => {
      await projects.updateProject(nameIn(call), ({ tags }) => ({
        tags: tagsOver(projectTags, tags, call.body),
      }));
      return {};
    },
    UntagResource: async (call) => {
      await projects.updateProject(nameIn(call), ({ tags }) => ({ tags: tagsWithout(tags, call.query) }));
      return {};
    },
  };
}

/**
 * Templates are fixed when the project is made: an update may change default attributes, and callbacks of
 * the templates there are, key by key. @throws ONECLICK_PARAMETER_INVALID
 */
function changed(before: PlacementTemplate, change: TemplateChange): PlacementTemplate {
  const deviceTemplates = { ...before.deviceTemplates };
  for (const [name, { deviceType, callbackOverrides }] of Object.entries(change.deviceTemplates ?? {})) {
    const template = before.deviceTemplates[name];
    if (template === undefined) throw parameterInvalid(`the project has no device template "${name}"`);
    if (deviceType !== undefined && deviceType !== template.deviceType) {
      throw parameterInvalid(`the device type of "${name}" cannot be changed`);
    }
    deviceTemplates[name] = {
      ...template,
      callbackOverrides: over(template.callbackOverrides, callbackOverrides),
    };
  }
  return { defaultAttributes: over(before.defaultAttributes, change.defaultAttributes), deviceTemplates };
}

function over(before: Readonly<Record<string, string>>, change: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''));
}

function summaryOf({ projectName, createdMs, updatedMs, tags }: Project, arns: Arns) {
  const arn = arns.project(projectName);
  return { arn, projectName, createdDate: createdMs / 1000, updatedDate: updatedMs / 1000, tags };
}

function placementSummaryOf({ projectName, placementName, createdMs, updatedMs }: Placement) {
  return { projectName, placementName, createdDate: createdMs / 1000, updatedDate: updatedMs / 1000 };
}

function requireProject(projects: ProjectStore, { path }: Call): Project {
  const name = path['projectName'] ?? '';
  const project = projects.project(name);
  if (project === undefined) throw projectPartUnknown('project', name);
  return project;
}

function requirePlacement(projects: ProjectStore, call: Call): Placement {
  const { projectName } = requireProject(projects, call);
  const name = call.path['placementName'] ?? '';
  const placement = projects.placement(projectName, name);
  if (placement === undefined) throw projectPartUnknown('placement', name);
  return placement;
}

function slotOf(path: Call['path']): Slot {
  return {
    projectName: path['projectName'] ?? '',
    placementName: path['placementName'] ?? '',
    deviceTemplateName: path['deviceTemplateName'] ?? '',
  };
}
