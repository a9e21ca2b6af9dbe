/** What a person fills in for a project, and what the backend gets for it. Pure. */
import type { PlacementTemplateView, ProjectView } from '../../../../core/wire/project-api.js';
import type { ProjectFields } from '../api/project-calls.js';
import { nameProblem } from './names.js';

/** One kind of device that every placement of the project has: a device template. */
export interface RoleDraft {
  readonly name: string;
  readonly type: string;
  /** ARN of what runs at a press; empty for nothing. */
  readonly action: string;
}

export interface ProjectDraft {
  readonly name: string;
  readonly description: string;
  readonly roles: readonly RoleDraft[];
}

export const newRole: RoleDraft = { name: '', type: 'button', action: '' };
export const newProject: ProjectDraft = {
  name: '',
  description: '',
  roles: [{ ...newRole, name: 'button' }],
};

const callback = 'onClickCallback';

export function draftOf({ projectName, description, placementTemplate }: ProjectView): ProjectDraft {
  const roles = Object.entries(placementTemplate.deviceTemplates).map(([name, template]) => ({
    name,
    type: template.deviceType,
    action: template.callbackOverrides[callback] ?? '',
  }));
  return { name: projectName, description, roles };
}

/** What nobody can write here, such as the default attributes, stays as it is in `before`. */
export function fieldsOf(draft: ProjectDraft, before?: PlacementTemplateView): ProjectFields {
  const deviceTemplates = draft.roles.map(({ name, type, action }) => {
    const { [callback]: _, ...others } = before?.deviceTemplates[name]?.callbackOverrides ?? {};
    const callbackOverrides = { ...others, ...(action !== '' && { [callback]: action }) };
    return [name, { deviceType: type, callbackOverrides }] as const;
  });
  return {
    description: draft.description,
    placementTemplate: {
      defaultAttributes: before?.defaultAttributes ?? {},
      deviceTemplates: Object.fromEntries(deviceTemplates),
    },
  };
}

export interface ProjectProblems {
  readonly name: string;
  readonly description: string;
  readonly roles: readonly string[];
}

/** A sentence per field, empty where all is well. */
export function problemsOf({ name, description, roles }: ProjectDraft): ProjectProblems {
  const names = roles.map((role) => role.name);
  return {
    name: nameProblem(name),
    description: description.length > 500 ? 'Use at most 500 characters.' : '',
    roles: names.map((role, at) =>
      names.indexOf(role) < at ? 'Another device of the project is called so.' : nameProblem(role),
    ),
  };
}

export function hasProblem({ name, description, roles }: ProjectProblems): boolean {
  return [name, description, ...roles].some((problem) => problem !== '');
}
