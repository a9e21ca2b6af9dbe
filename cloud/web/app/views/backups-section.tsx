/** A card per backup job. */
import { useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { BackupCard } from './backup-card.js';
import { CommandLine, Empty, Section } from './parts.js';

const selectBackups = (state: State) => state.data.backups;

export function BackupsSection() {
  const jobs = useSlice(selectBackups);
  return (
    <Section id="backups" title="Backups">
      {jobs.length === 0 ? (
        <Empty icon="backup" title="No backup has run yet">
          <p>
            Name the folders to keep in the configuration of the backup program, then start it. Its first run
            shows up here by itself.
          </p>
          <CommandLine command="gatehouse gateway run" />
        </Empty>
      ) : (
        <div class="cards cards-wide">
          {jobs.map((job) => (
            <BackupCard key={job.job} job={job} />
          ))}
        </div>
      )}
    </Section>
  );
}
