/** The three figures that say at a glance whether all is well. */
import type { ComponentChildren } from 'preact';
import { countText } from '../format/counts.js';
import { isSameDay, timeSince } from '../format/time.js';
import { capitalized, lastBackupMs } from '../format/words.js';
import { useNow, useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';

const selectData = (state: State) => state.data;

export function Tiles() {
  const { things, clicks, clicksComplete, backups } = useSlice(selectData);
  const now = useNow(5_000);
  const online = things.filter((thing) => thing.online).length;
  const today = clicks.filter((click) => isSameDay(Date.parse(click.receivedAt), now)).length;
  const isLowerBound = !clicksComplete && today === clicks.length;
  const lastMs = lastBackupMs(backups.flatMap((job) => [job.last, ...job.history]));
  const failing = backups.filter((job) => job.last.state === 'FAILED').length;
  const lastTitle = lastMs === undefined ? 'None yet' : capitalized(timeSince(lastMs, now));
  return (
    <div class="tiles">
      <Tile label="Devices online" href="#buttons">
        {countText(online)} <small>of {countText(things.length)}</small>
      </Tile>
      <Tile label="Presses today" href="#activity">
        {countText(today)}
        {isLowerBound && <small> or more</small>}
      </Tile>
      <Tile label="Last backup" href="#backups">
        <span class="tile-words">{lastTitle}</span>
        {failing > 0 && (
          <small class="tile-warning">{failing === 1 ? 'one job fails' : `${failing} jobs fail`}</small>
        )}
      </Tile>
    </div>
  );
}

function Tile({ label, href, children }: { label: string; href: string; children: ComponentChildren }) {
  return (
    <a class="tile" href={href}>
      <span class="tile-label">{label}</span>
      <span class="tile-value">{children}</span>
    </a>
  );
}
