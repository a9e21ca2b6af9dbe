/** One press, or another cause, with what it set off; opens to show each run's log. */
import { useState } from 'preact/hooks';
import type { RunView } from '../../../../core/wire/api.js';
import { clockTime, durationText, fullTime } from '../format/time.js';
import { causeWords, clickWords, runWords } from '../format/words.js';
import type { Activity } from '../state/activity.js';
import { Icon, type IconName } from './icons.js';
import { Badge, type Tone } from './parts.js';
import { RunDetail } from './run-detail.js';

const looks: Record<RunView['state'], readonly [Tone, IconName]> = {
  PENDING: ['calm', 'clock'],
  RUNNING: ['busy', 'clock'],
  SUCCEEDED: ['good', 'check'],
  FAILED: ['bad', 'cross'],
};

export function ActivityRow({ activity }: { activity: Activity }) {
  const { click, runs, source, thing, atMs } = activity;
  const [isOpen, setOpen] = useState(false);
  const detailId = `runs-${activity.key}`;
  const errors = runs.filter((run) => run.error !== null);
  const subject = thing ?? runs[0]?.functionName ?? source.id;
  return (
    <li class="row">
      <div class="row-head">
        <time dateTime={new Date(atMs).toISOString()} title={fullTime(atMs)}>
          {clockTime(atMs)}
        </time>
        <p class="row-what">
          <strong>{subject}</strong>
          <span>{click === undefined ? causeWords[source.kind] : clickWords[click.clickType]}</span>
        </p>
        <RunStates runs={runs} />
        {runs.length > 0 && (
          <button
            type="button"
            class="row-toggle"
            aria-expanded={isOpen}
            aria-controls={detailId}
            aria-label={`Details of ${click ? 'the press on ' : ''}${subject} at ${clockTime(atMs)}`}
            onClick={() => setOpen(!isOpen)}
          >
            <span aria-hidden="true">Log</span>
            <Icon name="chevron" />
          </button>
        )}
      </div>
      {errors.map((run) => (
        <p key={run.id} class="row-error">
          {run.error}
        </p>
      ))}
      <div id={detailId} class="row-detail" hidden={!isOpen}>
        {isOpen && runs.map((run) => <RunDetail key={run.id} run={run} />)}
      </div>
    </li>
  );
}

function RunStates({ runs }: { runs: readonly RunView[] }) {
  if (runs.length === 0) return <Badge tone="calm">Stored, no action</Badge>;
  return (
    <div class="row-states">
      {runs.map((run) => {
        const [tone, icon] = looks[run.state];
        return (
          <Badge key={run.id} tone={tone} icon={icon}>
            {runWords[run.state]}
            {run.durationMs !== null && <span class="badge-extra">{durationText(run.durationMs)}</span>}
          </Badge>
        );
      })}
    </div>
  );
}
