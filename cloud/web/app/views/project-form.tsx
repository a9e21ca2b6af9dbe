/** Makes a project or changes one: name, description, and which devices each of its places has. */
import { useEffect, useState } from 'preact/hooks';
import type { ProjectView } from '../../../../core/wire/project-api.js';
import { useStore } from '../state/hooks.js';
import {
  draftOf,
  fieldsOf,
  hasProblem,
  newProject,
  newRole,
  type ProjectDraft,
  problemsOf,
  type RoleDraft,
} from '../state/project-draft.js';
import { useTask } from '../state/tasks.js';
import { type Options, typeOptions, useThings } from '../state/things.js';
import { Form, SelectField, TextField } from './forms.js';

export interface ProjectFormProps {
  /** Undefined to make a new one. */
  readonly project?: ProjectView;
  readonly onDone: (project: ProjectView | undefined) => void;
  readonly onReload?: () => void;
}

export function ProjectForm({ project, onDone, onReload }: ProjectFormProps) {
  const { api } = useStore();
  const [draft, setDraft] = useState<ProjectDraft>(project === undefined ? newProject : draftOf(project));
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const problems = problemsOf(draft);
  const isTaken = task.fault?.code === 'PROJECT_EXISTS';
  const shown = (problem: string | undefined) => (isTried ? (problem ?? '') : '');
  const change = (part: Partial<ProjectDraft>) => setDraft({ ...draft, ...part });
  const submit = () => {
    setTried(true);
    if (hasProblem(problems)) return;
    const fields = fieldsOf(draft, project?.placementTemplate);
    task.run(() =>
      (project === undefined
        ? api.createProject(draft.name, fields)
        : api.changeProject(project, fields)
      ).then(onDone),
    );
  };
  return (
    <Form
      label={project === undefined ? 'New project' : `Change ${project.projectName}`}
      submit={project === undefined ? 'Make the project' : 'Save'}
      task={task}
      isToldAtField={isTaken}
      onSubmit={submit}
      onCancel={() => onDone(undefined)}
      {...(onReload !== undefined && { onReload })}
    >
      {project === undefined && (
        <TextField
          label="Name of the project"
          note="For instance Household. It cannot be changed later."
          value={draft.name}
          problem={shown(problems.name) || (isTaken ? 'There is a project of that name already.' : '')}
          onChange={(name) => change({ name })}
        />
      )}
      <TextField
        label="Description"
        value={draft.description}
        problem={shown(problems.description)}
        onChange={(description) => change({ description })}
      />
      <Roles
        roles={draft.roles}
        problems={isTried ? problems.roles : []}
        onChange={(roles) => change({ roles })}
      />
    </Form>
  );
}

interface RolesProps {
  readonly roles: readonly RoleDraft[];
  readonly problems: readonly string[];
  readonly onChange: (roles: readonly RoleDraft[]) => void;
}

function Roles({ roles, problems, onChange }: RolesProps) {
  const types = typeOptions(useThings());
  const actions = useTargets();
  const change = (at: number, part: Partial<RoleDraft>) =>
    onChange(roles.map((role, index) => (index === at ? { ...role, ...part } : role)));
  return (
    <fieldset class="roles">
      <legend>Devices of each place</legend>
      <p class="card-note">Every place of the project can have one device of each of these.</p>
      {roles.map((role, at) => (
        <div class="role-row" key={at}>
          <TextField
            label="Called"
            value={role.name}
            problem={problems[at] ?? ''}
            onChange={(name) => change(at, { name })}
          />
          <SelectField
            label="Is a"
            value={role.type}
            options={withCurrent(types, role.type)}
            onChange={(type) => change(at, { type })}
          />
          <SelectField
            label="When pressed, run"
            value={role.action}
            options={withCurrent([['', 'nothing'], ...actions], role.action)}
            onChange={(action) => change(at, { action })}
          />
          <button
            type="button"
            class="button-quiet"
            aria-label={`Take away ${role.name || 'this device'}`}
            onClick={() => onChange(roles.filter((_, index) => index !== at))}
          >
            Take away
          </button>
        </div>
      ))}
      <button type="button" class="button-quiet" onClick={() => onChange([...roles, newRole])}>
        Add a device
      </button>
    </fieldset>
  );
}

/** What was set elsewhere, such as a function at AWS, must not vanish from the list. */
function withCurrent(options: Options, value: string): Options {
  return options.some(([option]) => option === value) ? options : [...options, [value, value]];
}

/** What can run at a press, by ARN; nothing while that is not known. */
function useTargets(): Options {
  const { api } = useStore();
  const [targets, setTargets] = useState<Options>([]);
  useEffect(() => {
    Promise.all([api.actions(), api.workflows()]).then(
      ([actions, workflows]) =>
        setTargets([
          ...actions
            .filter(({ kind }) => kind !== 'unknown')
            .map(({ name }) => [`arn:aws:lambda:local:000000000000:function:${name}`, name] as const),
          ...workflows.map(({ name, arn }) => [arn, `${name} (workflow)`] as const),
        ]),
      () => setTargets([]),
    );
  }, [api]);
  return targets;
}
