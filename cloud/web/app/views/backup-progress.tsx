/** How far a backup is while it runs: a bar once the total is known, and what it reads and sends. */
import type { BackupProgressReport } from '../../../../core/wire/backups.js';
import { progressDetail, progressPercent } from '../format/progress.js';

export function BackupProgress({ progress, now }: { progress: BackupProgressReport; now: number }) {
  const percent = progressPercent(progress);
  return (
    <div class="backup-progress">
      <progress
        aria-label="Progress of the backup"
        max={100}
        {...(percent === undefined ? {} : { value: percent })}
      />
      <p class="card-note">{progressDetail(progress, now)}</p>
    </div>
  );
}
