/** The time line of presses and of what else set off an action, newest first, by day. */
import { useState } from 'preact/hooks';
import { dayHeading, startOfDay } from '../format/time.js';
import { type Activity, activitiesOf } from '../state/activity.js';
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
  const all = activitiesOf(clicks, runs);
  if (all.length === 0) {
    return (
      <Section id="activity" title="Activity">
        <NoActivity />
      </Section>
    );
  }
  const days = groupBy(all.slice(0, shown), (one) => startOfDay(one.atMs));
  return (
    <Section id="activity" title="Activity">
      <div class="card timeline">
        {[...days].map(([dayMs, activities]) => (
          <Day key={dayMs} title={dayHeading(dayMs, now)} activities={activities} />
        ))}
        {all.length > shown && (
          <button
            type="button"
            class="button-quiet timeline-more"
            onClick={() => setShown(shown + 3 * pageSize)}
          >
            Show earlier
          </button>
        )}
      </div>
    </Section>
  );
}

function Day({ title, activities }: { title: string; activities: readonly Activity[] }) {
  return (
    <>
      <h3 class="timeline-day">{title}</h3>
      <ul class="timeline-list">
        {activities.map((activity) => (
          <ActivityRow key={activity.key} activity={activity} />
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
