/** One job: how far it is, wave by wave and device by device; and how to cancel it. */
import { useState } from 'preact/hooks';
import type { JobView } from '../../../../core/wire/jobs.js';
import { countText } from '../format/counts.js';
import { documentText, groupOfStatus, statusWords, wavesOf } from '../jobs/job-progress.js';
import { useSlice, useStore } from '../state/hooks.js';
import { linkTo } from '../state/route.js';
import type { State } from '../state/store.js';
import { useFresh, useTask } from '../state/tasks.js';
import { Confirm, FaultNote } from './forms.js';
import { Icon } from './icons.js';
import { JobBar, JobState } from './job-bar.js';
import { PageHead, Waiting } from './page-head.js';
import { Ago, Badge, type Tone } from './parts.js';

const back = { href: linkTo('jobs'), text: 'Jobs' };
const selectLoads = (state: State) => state.data.loads;
const selectJobs = (state: State) => state.data.jobs;

export function JobDetail({ id }: { id: string }) {
  const { api } = useStore();
  const loads = useSlice(selectLoads);
  const moved = useSlice(selectJobs).find((job) => job.id === id);
  const { value, fault, reload } = useFresh(() => api.job(id), `${loads} ${JSON.stringify(moved)}`);
  if (value === undefined) {
    return (
      <>
        <PageHead title={id} back={back} />
        {fault === undefined ? <Waiting /> : <FaultNote fault={fault} onReload={reload} />}
      </>
    );
  }
  return (
    <>
      <PageHead title={id} back={back} aside={<JobState job={value} />} />
      <FaultNote fault={fault} onReload={reload} />
      <div class="card job">
        <p>
          {value.description !== '' && `${value.description}. `}
          {documentText(value)}, made <Ago time={value.createdAt} />
          {value.endedAt !== null && (
            <>
              , ended <Ago time={value.endedAt} />
            </>
          )}
          .
        </p>
        {value.reason !== null && (
          <div class="problem problem-row">
            <Icon name="warning" />
            <p>It was stopped: {value.reason}.</p>
          </div>
        )}
        <JobBar job={value} />
        <Rules job={value} />
        <Waves job={value} />
        <Cancel job={value} onReload={reload} />
      </div>
      <Devices executions={value.executions ?? []} />
    </>
  );
}

function Rules({ job: { abort, rollout, status } }: { job: JobView }) {
  if (status !== 'IN_PROGRESS') return null;
  return (
    <p class="card-note">
      {rollout.maximumPerMinute < 1_000 &&
        `At most ${countText(rollout.maximumPerMinute)} devices get it within a minute. `}
      {abort !== null &&
        `It stops by itself when ${abort.failedPercent} % of those that have ended did not succeed.`}
    </p>
  );
}

function Waves({ job }: { job: JobView }) {
  const waves = wavesOf(job);
  if (waves.length === 0) return null;
  return (
    <ol class="waves" aria-label="Waves">
      {waves.map(({ title, state, text }) => (
        <li key={title} class={`wave wave-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
          <strong>{title}</strong>
          <span>
            {state === 'done' && '✓ '}
            {text}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Cancel({ job, onReload }: { job: JobView; onReload: () => void }) {
  const { api } = useStore();
  const task = useTask();
  const [isForced, setForced] = useState(false);
  const running = job.counts['IN_PROGRESS'] ?? 0;
  const open = running + (job.counts['QUEUED'] ?? 0) + (job.counts['WAITING'] ?? 0);
  return (
    <>
      {job.status !== 'COMPLETED' && open > 0 && (
        <div class="device-actions">
          <Confirm
            text="Cancel the job"
            label={`Cancel ${job.id}`}
            question="No further device gets it. Devices that have begun may end what they do."
            yes="Cancel the job"
            onYes={() => task.run(() => api.cancelJob(job.id, isForced).then(onReload))}
          >
            {running > 0 && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={isForced}
                  onChange={(event) => setForced(event.currentTarget.checked)}
                />
                Also where it is in progress ({countText(running)})
              </label>
            )}
          </Confirm>
        </div>
      )}
      <FaultNote
        fault={task.fault}
        onReload={() => {
          task.clear();
          onReload();
        }}
      />
    </>
  );
}

type Execution = NonNullable<JobView['executions']>[number];

const tones: Record<ReturnType<typeof groupOfStatus>, Tone> = {
  succeeded: 'good',
  running: 'busy',
  failed: 'bad',
  queued: 'calm',
  waiting: 'calm',
  left: 'calm',
};
const order = ['failed', 'running', 'queued', 'succeeded', 'waiting', 'left'];
const pageSize = 50;

/** What needs looking at comes first. */
function Devices({ executions }: { executions: readonly Execution[] }) {
  const [shown, setShown] = useState(pageSize);
  const rank = ({ status }: Execution) => order.indexOf(groupOfStatus(status));
  const sorted = [...executions].sort((a, b) => rank(a) - rank(b));
  return (
    <section class="section" aria-labelledby="job-devices">
      <div class="section-head">
        <h2 id="job-devices">Devices</h2>
      </div>
      <ul class="card rows">
        {sorted.slice(0, shown).map((execution) => (
          <li key={execution.thing} class="job-device">
            <Badge tone={tones[groupOfStatus(execution.status)]}>{statusWords[execution.status]}</Badge>
            <span class="row-main">
              {execution.thing}
              <small>{detailText(execution.statusDetails)}</small>
            </span>
            <Ago time={execution.updatedAt} />
          </li>
        ))}
      </ul>
      {sorted.length > shown && (
        <button type="button" class="button-quiet page-more" onClick={() => setShown(shown * 2)}>
          Show more
        </button>
      )}
    </section>
  );
}

/** What the device says of it: `step: download, percent: 40`. */
function detailText(details: Readonly<Record<string, string>>): string {
  return Object.entries(details)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
}
