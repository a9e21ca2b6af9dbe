/** One backup job: how the last run went, when the next one comes, how the last thirty went. */
import type { BackupJobView, BackupReport } from '../../../../core/wire/api.js';
import { fullTime } from '../format/time.js';
import { backupDetail, backupResult, backupWords, capitalized, nextRunText } from '../format/words.js';
import { useNow } from '../state/hooks.js';
import { BackupBars } from './backup-bars.js';
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
      {detail !== '' && <p class="card-note">{detail}</p>}
      {last.error !== null && <Problem report={last} />}
      <BackupBars history={job.history} />
      <p class="backup-next">
        <Icon name="clock" />
        {nextRunText(last, now)}
      </p>
    </article>
  );
}

function Problem({ report }: { report: BackupReport }) {
  return <p class={report.state === 'PARTIAL' ? 'problem problem-warn' : 'problem'}>{report.error}</p>;
}
