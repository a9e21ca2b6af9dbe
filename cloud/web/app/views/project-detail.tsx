/** One project: what it is, its places, and how to change or delete it. */
import { useState } from 'preact/hooks';
import type { PlacementView, ProjectView } from '../../../../core/wire/project-api.js';
import { useSlice, useStore } from '../state/hooks.js';
import { nameProblem, type Pair, pairsProblem, recordOf } from '../state/names.js';
import { linkTo } from '../state/route.js';
import type { State } from '../state/store.js';
import { useFresh, useTask } from '../state/tasks.js';
import { useThings } from '../state/things.js';
import { AttributeFields } from './attribute-fields.js';
import { Confirm, FaultNote, Form, TextField } from './forms.js';
import { OnlyFirst, PageHead, Waiting } from './page-head.js';
import { Empty } from './parts.js';
import { PlacementCard } from './placement-card.js';
import { ProjectForm } from './project-form.js';

const back = { href: linkTo('projects'), text: 'Projects' };
const selectLoads = (state: State) => state.data.loads;

export function ProjectDetail({ name }: { name: string }) {
  const { api } = useStore();
  const { value, fault, reload } = useFresh(
    async () => ({ project: await api.project(name), placements: await api.placements(name) }),
    useSlice(selectLoads),
  );
  if (value === undefined) {
    return (
      <>
        <PageHead title={name} back={back} />
        {fault === undefined ? <Waiting /> : <FaultNote fault={fault} onReload={reload} />}
      </>
    );
  }
  return (
    <>
      <FaultNote fault={fault} onReload={reload} />
      <Project {...value} onReload={reload} />
    </>
  );
}

interface ProjectProps {
  readonly project: ProjectView;
  readonly placements: readonly PlacementView[];
  readonly onReload: () => void;
}

function Project({ project, placements, onReload }: ProjectProps) {
  const [open, setOpen] = useState<'placement' | 'change' | undefined>();
  const done = () => {
    setOpen(undefined);
    onReload();
  };
  return (
    <>
      <PageHead
        title={project.projectName}
        back={back}
        aside={
          <div class="page-buttons">
            <button type="button" class="button-quiet" onClick={() => setOpen('change')}>
              Change project
            </button>
            <button type="button" class="button-quiet" onClick={() => setOpen('placement')}>
              New place
            </button>
          </div>
        }
      />
      {project.description !== '' && <p class="page-lead">{project.description}</p>}
      {open === 'change' && (
        // Another version is another form: what was written into the old one is let go.
        <ProjectForm key={project.version} project={project} onDone={done} onReload={onReload} />
      )}
      {open === 'placement' && <NewPlacement project={project.projectName} onDone={done} />}
      <Placements project={project} placements={placements} onReload={onReload} />
      <DeleteProject project={project} onReload={onReload} />
    </>
  );
}

function Placements({ project, placements, onReload }: ProjectProps) {
  const things = useThings();
  if (placements.length === 0) {
    return (
      <Empty icon="place" title="No place yet">
        <p>A place is where a device is: a door, a room, a shelf. Make one, then put a device into it.</p>
      </Empty>
    );
  }
  return (
    <>
      <div class="cards cards-wide">
        {placements.map((placement) => (
          <PlacementCard
            key={placement.placementName}
            project={project}
            placement={placement}
            things={things}
            onReload={onReload}
          />
        ))}
      </div>
      <OnlyFirst count={placements.length} />
    </>
  );
}

function NewPlacement({ project, onDone }: { project: string; onDone: () => void }) {
  const { api } = useStore();
  const [name, setName] = useState('');
  const [pairs, setPairs] = useState<readonly Pair[]>([]);
  const [isTried, setTried] = useState(false);
  const task = useTask();
  const isTaken = task.fault?.code === 'PROJECT_EXISTS';
  const problem = nameProblem(name);
  const submit = () => {
    setTried(true);
    if (problem !== '' || pairsProblem(pairs) !== '') return;
    task.run(() => api.createPlacement(project, name, recordOf(pairs)).then(onDone));
  };
  return (
    <Form
      label="New place"
      submit="Make the place"
      task={task}
      isToldAtField={isTaken}
      onSubmit={submit}
      onCancel={onDone}
    >
      <TextField
        label="Name of the place"
        note="For instance front-door."
        value={name}
        problem={
          isTried && problem !== '' ? problem : isTaken ? 'There is a place of that name already.' : ''
        }
        onChange={setName}
      />
      <AttributeFields pairs={pairs} onChange={setPairs} problem={isTried ? pairsProblem(pairs) : ''} />
    </Form>
  );
}

function DeleteProject({ project, onReload }: { project: ProjectView; onReload: () => void }) {
  const { api } = useStore();
  const task = useTask();
  const remove = () =>
    task.run(async () => {
      await api.deleteProject(project);
      location.hash = linkTo('projects');
    });
  const reload = () => {
    task.clear();
    onReload();
  };
  return (
    <div class="page-end">
      <Confirm
        text="Delete project"
        label={`Delete ${project.projectName}`}
        question={`${project.projectName} is gone for good then. Its places must be deleted first.`}
        yes="Delete the project"
        onYes={remove}
      />
      <FaultNote fault={task.fault} onReload={reload} />
    </div>
  );
}
