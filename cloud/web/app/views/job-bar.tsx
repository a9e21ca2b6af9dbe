/** How far a job is, as one bar with the number of devices in each group; and its state in a word. */
import type { JobView } from '../../../../core/wire/jobs.js';
import { partsOf } from '../jobs/job-progress.js';
import { Badge } from './parts.js';

export function JobBar({ job }: { job: JobView }) {
  const parts = partsOf(job);
  const texts = parts.map(({ text }) => text).join(', ');
  return (
    <span class="job-progress">
      <span class="job-bar" role="img" aria-label={`Progress of ${job.id}: ${texts}`}>
        {parts.map(({ group, count }) => (
          <span key={group} class={`job-part job-${group}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span class="job-legend" aria-hidden="true">
        {parts.map(({ group, text }) => (
          <span key={group}>
            <span class={`job-key job-${group}`} />
            {text}
          </span>
        ))}
      </span>
    </span>
  );
}

export function JobState({ job }: { job: JobView }) {
  if (job.status === 'CANCELED') return <Badge tone="bad">Cancelled</Badge>;
  if (job.status === 'IN_PROGRESS') return <Badge tone="busy">Under way</Badge>;
  const failed = partsOf(job).some(({ group }) => group === 'failed');
  return failed ? <Badge tone="warn">Over, with failures</Badge> : <Badge tone="good">Done</Badge>;
}
