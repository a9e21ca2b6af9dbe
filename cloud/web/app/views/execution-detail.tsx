/** One execution: where it stands in the drawing, what failed, what happened when, and how to stop it. */
import type { ExecutionView } from '../../../../core/wire/workflows.js';
import { causeText } from '../../../../core/workflow-cause.js';
import { clockTime, fullTime } from '../format/time.js';
import { errorText, eventText, waitWords } from '../format/workflow-words.js';
import { useStore } from '../state/hooks.js';
import { useFresh, useTask } from '../state/tasks.js';
import { failedStates, marksOf } from '../workflows/execution-marks.js';
import { ExecutionState } from './execution-state.js';
import { Confirm, FaultNote } from './forms.js';
import { Icon } from './icons.js';
import { Waiting } from './page-head.js';
import { Ago } from './parts.js';
import { WorkflowDrawing } from './workflow-drawing.js';

export interface ExecutionDetailProps {
  readonly id: string;
  /** How it was last heard of: another one means that there is more to read. */
  readonly moved: ExecutionView | undefined;
}

export function ExecutionDetail({ id, moved }: ExecutionDetailProps) {
  const { api } = useStore();
  const { value, fault, reload } = useFresh(() => api.execution(id), JSON.stringify(moved));
  const task = useTask();
  if (value === undefined) {
    return fault === undefined ? <Waiting /> : <FaultNote fault={fault} onReload={reload} />;
  }
  const marks = marksOf(value);
  return (
    <>
      <p class="execution-head">
        <ExecutionState state={value.state} />
        <span>
          {value.thing ?? 'no device'}, began <Ago time={value.startedAt} />
          {value.endedAt !== null && (
            <>
              , ended <Ago time={value.endedAt} />
            </>
          )}
        </span>
      </p>
      <Positions execution={value} />
      {value.error !== null && <Failure execution={value} states={failedStates(marks)} />}
      <WorkflowDrawing name={value.workflow} definition={value.definition} marks={marks} />
      {value.state === 'RUNNING' && (
        <div class="page-end">
          <Confirm
            text="Stop it"
            label="Stop this execution"
            question="It ends where it is, for good. What an action has begun is not undone."
            yes="Stop it now"
            onYes={() => task.run(() => api.stopExecution(id).then(reload))}
          />
        </div>
      )}
      <FaultNote
        fault={task.fault}
        onReload={() => {
          task.clear();
          reload();
        }}
      />
      <History execution={value} />
    </>
  );
}

/** Where it stands, and until when that lasts where it is known. */
function Positions({ execution: { at } }: { execution: ExecutionView }) {
  const innermost = at.filter(({ state }) => !at.some((other) => other.state.startsWith(`${state}/`)));
  if (innermost.length === 0) return null;
  return (
    <ul class="execution-positions">
      {innermost.map(({ state, waitsFor, since, until }) => (
        <li key={state}>
          <strong>{state.split('/').at(-1)}</strong> {waitWords[waitsFor]}, since <Ago time={since} />
          {until !== null && (
            <>
              , until{' '}
              <time dateTime={until} title={fullTime(Date.parse(until))}>
                {clockTime(Date.parse(until))}
              </time>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function Failure({ execution, states }: { execution: ExecutionView; states: readonly string[] }) {
  const { error, cause } = execution;
  return (
    <div class="problem problem-row">
      <Icon name="warning" />
      <p>
        <strong>{states.length > 0 ? `${states.join(' and ')} failed: ${error}` : error}</strong>
        {cause !== null && cause !== '' && <span class="execution-cause">{causeText(cause)}</span>}
      </p>
    </div>
  );
}

function History({ execution: { history = [] } }: { execution: ExecutionView }) {
  return (
    <details class="execution-history">
      <summary>What happened</summary>
      <ol>
        {history.map(({ n, time, type, state, detail }) => (
          <li key={n}>
            <time dateTime={time} title={fullTime(Date.parse(time))}>
              {clockTime(Date.parse(time))}
            </time>{' '}
            {eventText({ type, state })}
            {errorText(detail) !== undefined && <small>{errorText(detail)}</small>}
          </li>
        ))}
      </ol>
    </details>
  );
}
