/** All workflows, or one of them with its drawing and its executions. */
import type { ExecutionView, WorkflowView } from '../../../../core/wire/workflows.js';
import { countOf } from '../format/counts.js';
import { useSlice, useStore } from '../state/hooks.js';
import { uniqueById } from '../state/model.js';
import { linkTo } from '../state/route.js';
import type { State } from '../state/store.js';
import { useFresh } from '../state/tasks.js';
import type { Mark } from '../workflows/execution-marks.js';
import { ExecutionDetail } from './execution-detail.js';
import { ExecutionState } from './execution-state.js';
import { FaultNote } from './forms.js';
import { PageHead, Waiting } from './page-head.js';
import { Ago, CommandLine, Empty } from './parts.js';
import { WorkflowDrawing } from './workflow-drawing.js';

const selectLoads = (state: State) => state.data.loads;
const selectExecutions = (state: State) => state.data.executions;

export function WorkflowsPage({ parts: [name, execution] }: { parts: readonly string[] }) {
  return name === undefined ? <WorkflowList /> : <WorkflowDetail key={name} name={name} chosen={execution} />;
}

function WorkflowList() {
  const { api } = useStore();
  const { value, fault } = useFresh(() => api.workflows(), useSlice(selectLoads));
  return (
    <>
      <PageHead title="Workflows" />
      <FaultNote fault={fault} />
      {value === undefined && fault === undefined && <Waiting />}
      {value?.length === 0 && (
        <Empty icon="workflow" title="No workflow yet">
          <p>
            A workflow is several actions in order, with choices, waits and second tries. It is a file in the
            Amazon States Language:
          </p>
          <CommandLine command="gatehouse workflow create visit visit.json" />
        </Empty>
      )}
      <ul class="cards">
        {(value ?? []).map((workflow) => (
          <WorkflowCard key={workflow.name} workflow={workflow} />
        ))}
      </ul>
    </>
  );
}

function WorkflowCard({ workflow: { name, comment, running, updatedAt } }: { workflow: WorkflowView }) {
  return (
    <li>
      <a class="card card-link" href={linkTo('workflows', name)}>
        <h3>{name}</h3>
        {comment !== '' && <p>{comment}</p>}
        <p class="card-note">
          {running === 0 ? 'Nothing is running' : `${countOf(running, 'execution')} under way`}, saved{' '}
          <Ago time={updatedAt} />
        </p>
      </a>
    </li>
  );
}

const noMarks: ReadonlyMap<string, Mark> = new Map();

function WorkflowDetail({ name, chosen }: { name: string; chosen: string | undefined }) {
  const { api } = useStore();
  const loads = useSlice(selectLoads);
  const { value, fault, reload } = useFresh(
    async () => ({ workflow: await api.workflow(name), executions: await api.executions(name) }),
    loads,
  );
  const moved = useSlice(selectExecutions).filter(({ workflow }) => workflow === name);
  const executions = uniqueById([...moved, ...(value?.executions ?? [])]).sort(
    (a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt),
  );
  const back =
    chosen === undefined
      ? { href: linkTo('workflows'), text: 'Workflows' }
      : { href: linkTo('workflows', name), text: name };
  return (
    <>
      <PageHead title={name} back={back} />
      <FaultNote fault={fault} onReload={reload} />
      {value === undefined && fault === undefined && <Waiting />}
      {value !== undefined && chosen === undefined && (
        <>
          {value.workflow.comment !== '' && <p class="page-lead">{value.workflow.comment}</p>}
          <WorkflowDrawing name={name} definition={value.workflow.definition} marks={noMarks} />
        </>
      )}
      {chosen !== undefined && (
        <ExecutionDetail key={chosen} id={chosen} moved={executions.find(({ id }) => id === chosen)} />
      )}
      {value !== undefined && <Executions name={name} executions={executions} chosen={chosen} />}
    </>
  );
}

interface ExecutionsProps {
  readonly name: string;
  readonly executions: readonly ExecutionView[];
  readonly chosen: string | undefined;
}

function Executions({ name, executions, chosen }: ExecutionsProps) {
  return (
    <section class="section" aria-labelledby="executions-title">
      <div class="section-head">
        <h2 id="executions-title">Executions</h2>
      </div>
      {executions.length === 0 ? (
        <p class="card-note">It has not run yet.</p>
      ) : (
        <ul class="card rows">
          {executions.map((execution) => (
            <li key={execution.id}>
              <a
                class="row-link"
                href={linkTo('workflows', name, execution.id)}
                aria-current={execution.id === chosen ? 'true' : undefined}
              >
                <ExecutionState state={execution.state} />
                <span class="row-main">
                  {execution.thing ?? 'no device'}
                  <small>{execution.error ?? placesOf(execution)}</small>
                </span>
                <Ago time={execution.startedAt} />
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function placesOf({ at }: ExecutionView): string {
  return at.length === 0 ? '' : `at ${at.map(({ state }) => state.split('/').at(-1)).join(', ')}`;
}
