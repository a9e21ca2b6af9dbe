/** One backup job: how the last run went or goes, when the next one comes, how the last thirty went. */
import { useMemo, useState } from 'preact/hooks';
import type { BackupJobView, BackupReport } from '../../../../core/wire/backups.js';
import { RunChart } from '../charts/run-chart.js';
import { toRunColumns } from '../charts/run-columns.js';
import { fullTime } from '../format/time.js';
import {
  backupDetail,
  backupResult,
  backupWords,
  capitalized,
  nextRunText,
  verificationText,
} from '../format/words.js';
import { useNow } from '../state/hooks.js';
import { BackupBars } from './backup-bars.js';
import { BackupProgress } from './backup-progress.js';
import { Icon, type IconName } from './icons.js';
import { Badge, type Tone } from './parts.js';

const backupLooks: Record<BackupReport['state'], readonly [Tone, IconName]> = {
  RUNNING: ['busy', 'clock'],
  SUCCEEDED: ['good', 'check'],
  PARTIAL: ['warn', 'warning'],
  FAILED: ['bad', 'cross'],
};

export function BackupCard({ job }: { job: BackupJobView }) {
  const { last } = job;
  const now = useNow(5_000);
  const [tone, icon] = backupLooks[last.state];
  const endedMs = Date.parse(last.endedAt ?? last.startedAt);
  const detail = backupDetail(last);
  return (
    <article class="card backup" aria-labelledby={`backup-${job.job}`}>
      <header class="card-head">
        <div>
          <h3 id={`backup-${job.job}`}>{job.job}</h3>
          <p class="card-note backup-paths">{last.paths.join(', ')}</p>
        </div>
        <Badge tone={tone} icon={icon}>
          {backupWords[last.state]}
        </Badge>
      </header>
      <p class="backup-result" title={fullTime(endedMs)}>
        {capitalized(backupResult(last, now))}
      </p>
      {last.progress !== undefined && last.state === 'RUNNING' && (
        <BackupProgress progress={last.progress} now={now} />
      )}
      {detail !== '' && <p class="card-note">{detail}</p>}
      {last.error !== null && <Problem report={last} />}
      <BackupBars history={job.history} />
      <RunsOverTime job={job} />
      <Verification report={last} now={now} />
      <p class="backup-next">
        <Icon name="clock" />
        {nextRunText(last, now)}
      </p>
    </article>
  );
}

/** The chart is made when it is asked for: a page of many jobs stays light. */
function RunsOverTime({ job }: { job: BackupJobView }) {
  const [isOpen, setOpen] = useState(false);
  const columns = useMemo(() => toRunColumns(job.history), [job.history]);
  if (columns[0].length < 2) return null;
  return (
    <details class="backup-runs" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Duration and size of runs</summary>
      {isOpen && <RunChart columns={columns} label={`Duration and added bytes of ${job.job} over time`} />}
    </details>
  );
}

function Verification({ report, now }: { report: BackupReport; now: number }) {
  const text = verificationText(report, now);
  if (text === undefined) return null;
  return <p class={report.verification?.isSound ? 'card-note' : 'problem'}>{text}</p>;
}

function Problem({ report }: { report: BackupReport }) {
  return <p class={report.state === 'PARTIAL' ? 'problem problem-warn' : 'problem'}>{report.error}</p>;
}
