/** All projects, or one of them with its places. */
import { useState } from 'preact/hooks';
import type { ProjectView } from '../../../../core/wire/project-api.js';
import { countOf } from '../format/counts.js';
import { useSlice, useStore } from '../state/hooks.js';
import { linkTo } from '../state/route.js';
import type { State } from '../state/store.js';
import { useFresh } from '../state/tasks.js';
import { FaultNote } from './forms.js';
import { OnlyFirst, PageHead, Waiting } from './page-head.js';
import { Empty } from './parts.js';
import { ProjectDetail } from './project-detail.js';
import { ProjectForm } from './project-form.js';

const selectLoads = (state: State) => state.data.loads;

export function ProjectsPage({ parts: [name] }: { parts: readonly string[] }) {
  return name === undefined ? <ProjectList /> : <ProjectDetail key={name} name={name} />;
}

function ProjectList() {
  const { api } = useStore();
  const projects = useFresh(() => api.projects(), useSlice(selectLoads));
  const [isOpen, setOpen] = useState(false);
  const onDone = (made: ProjectView | undefined) => {
    setOpen(false);
    if (made !== undefined) location.hash = linkTo('projects', made.projectName);
  };
  return (
    <>
      <PageHead
        title="Projects"
        aside={
          <button type="button" class="button-quiet" onClick={() => setOpen(true)}>
            New project
          </button>
        }
      />
      {isOpen && <ProjectForm onDone={onDone} />}
      <FaultNote fault={projects.fault} />
      {projects.value === undefined && projects.fault === undefined && <Waiting />}
      {projects.value?.length === 0 && !isOpen && (
        <Empty icon="place" title="No project yet">
          <p>
            A project is a group of places, such as the rooms of a house. It says which devices each place
            has, and what runs when a button is pressed.
          </p>
        </Empty>
      )}
      <ul class="cards">
        {(projects.value ?? []).map((project) => (
          <ProjectCard key={project.projectName} project={project} />
        ))}
      </ul>
      <OnlyFirst count={projects.value?.length ?? 0} />
    </>
  );
}

function ProjectCard({ project }: { project: ProjectView }) {
  const { projectName, description, placementCount, placementTemplate } = project;
  const roles = Object.keys(placementTemplate.deviceTemplates);
  return (
    <li>
      <a class="card card-link" href={linkTo('projects', projectName)}>
        <h3>{projectName}</h3>
        {description !== '' && <p>{description}</p>}
        <p class="card-note">
          {countOf(placementCount, 'place')}
          {roles.length > 0 && `, each with ${roles.join(', ')}`}
        </p>
      </a>
    </li>
  );
}
