/** The history of a job as small bars, oldest first: height is what was added, colour how it went. */
import type { BackupReport } from '../../../../core/wire/backups.js';
import { countOf, sizeText } from '../format/counts.js';
import { fullTime } from '../format/time.js';
import { backupWords } from '../format/words.js';

const fullHeightPercent = 100;
const lowestPercent = 14;

export function BackupBars({ history }: { history: readonly BackupReport[] }) {
  const oldestFirst = [...history].reverse();
  const largest = Math.max(1, ...history.map((report) => report.bytesAdded));
  return (
    <figure class="bars" aria-label={summary(history)}>
      <div class="bars-row" aria-hidden="true">
        {oldestFirst.map((report) => (
          <span
            key={report.runId}
            class={`bar bar-${report.state.toLowerCase()}`}
            style={{ height: `${barPercent(report, largest)}%` }}
            title={barTitle(report)}
          />
        ))}
      </div>
    </figure>
  );
}

/** The square root lets small runs be seen beside a first, large one. A failed run has full height. */
function barPercent(report: BackupReport, largest: number): number {
  if (report.state === 'FAILED') return fullHeightPercent;
  const share = Math.sqrt(report.bytesAdded / largest);
  return Math.round(lowestPercent + share * (fullHeightPercent - lowestPercent));
}

function barTitle(report: BackupReport): string {
  const when = fullTime(Date.parse(report.startedAt));
  const added = report.state === 'FAILED' ? '' : `, ${sizeText(report.bytesAdded)} added`;
  return `${when}: ${backupWords[report.state].toLowerCase()}${added}`;
}

function summary(history: readonly BackupReport[]): string {
  const failed = history.filter((report) => report.state === 'FAILED').length;
  return `History: ${countOf(history.length, 'run')}, ${failed} failed`;
}
