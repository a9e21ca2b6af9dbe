/** The time line of presses, newest first, by day. */
import { useState } from 'preact/hooks';
import type { ClickView, RunView } from '../../../../core/wire/api.js';
import { dayHeading, startOfDay } from '../format/time.js';
import { groupBy } from '../state/group-by.js';
import { useNow, useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { ActivityRow } from './activity-row.js';
import { CommandLine, Empty, Section } from './parts.js';

const pageSize = 10;
const selectClicks = (state: State) => state.data.clicks;
const selectRuns = (state: State) => state.data.runs;

export function ActivitySection() {
  const clicks = useSlice(selectClicks);
  const runs = useSlice(selectRuns);
  const [shown, setShown] = useState(pageSize);
  const now = useNow(30_000);
  if (clicks.length === 0) {
    return (
      <Section id="activity" title="Activity">
        <NoActivity />
      </Section>
    );
  }
  const days = groupBy(clicks.slice(0, shown), (click) => startOfDay(Date.parse(click.receivedAt)));
  const runsByClick = groupBy(runs, (run) => run.clickId);
  return (
    <Section id="activity" title="Activity">
      <div class="card timeline">
        {[...days].map(([dayMs, dayClicks]) => (
          <Day key={dayMs} title={dayHeading(dayMs, now)} clicks={dayClicks} runsByClick={runsByClick} />
        ))}
        {clicks.length > shown && (
          <button
            type="button"
            class="button-quiet timeline-more"
            onClick={() => setShown(shown + 3 * pageSize)}
          >
            Show earlier presses
          </button>
        )}
      </div>
    </Section>
  );
}

interface DayProps {
  readonly title: string;
  readonly clicks: readonly ClickView[];
  readonly runsByClick: ReadonlyMap<string, readonly RunView[]>;
}

function Day({ title, clicks, runsByClick }: DayProps) {
  return (
    <>
      <h3 class="timeline-day">{title}</h3>
      <ul class="timeline-list">
        {clicks.map((click) => (
          <ActivityRow key={click.id} click={click} runs={runsByClick.get(click.id) ?? []} />
        ))}
      </ul>
    </>
  );
}

function NoActivity() {
  return (
    <Empty icon="activity" title="No presses yet">
      <p>Press a simulated button above, a real one by hand, or one from the command line:</p>
      <CommandLine command="gatehouse device press front-door" />
    </Empty>
  );
}
