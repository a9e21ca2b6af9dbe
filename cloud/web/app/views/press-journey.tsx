/** The way of one press in three steps: sent, stored, action; and how it ended, in a sentence. */
import { durationText } from '../format/time.js';
import type { Press, PressStep } from '../state/press.js';
import { Icon } from './icons.js';

type Mark = 'open' | 'busy' | 'done' | 'bad' | 'none';

/** Marks of the three steps. */
const marks: Record<PressStep, readonly [Mark, Mark, Mark]> = {
  sending: ['busy', 'open', 'open'],
  waiting: ['done', 'busy', 'open'],
  stored: ['done', 'done', 'busy'],
  running: ['done', 'done', 'busy'],
  succeeded: ['done', 'done', 'done'],
  failed: ['done', 'done', 'bad'],
  'without-action': ['done', 'done', 'none'],
  refused: ['bad', 'open', 'open'],
  silent: ['done', 'bad', 'open'],
};

const titles = ['Sent', 'Stored', 'Action'] as const;
const markWords: Record<Mark, string> = {
  open: 'not yet',
  busy: 'under way',
  done: 'done',
  bad: 'failed',
  none: 'none',
};

export function PressJourney({ press }: { press: Press }) {
  return (
    <div class="journey" data-step={press.step}>
      <ol>
        {titles.map((title, at) => {
          const mark = marks[press.step][at] ?? 'open';
          return (
            <li key={title} class={`journey-step journey-${mark}`}>
              <span class="journey-mark">
                {mark === 'done' && <Icon name="check" />}
                {mark === 'bad' && <Icon name="cross" />}
              </span>
              {title}
              <span class="visually-hidden">: {markWords[mark]}</span>
            </li>
          );
        })}
      </ol>
      <p class={press.sentence === null ? 'journey-text' : 'journey-text journey-text-bad'}>
        {outcome(press)}
      </p>
    </div>
  );
}

function outcome(press: Press): string {
  const ended = durationText(press.endedAfterMs ?? 0);
  const stored = durationText(press.storedAfterMs ?? 0);
  switch (press.step) {
    case 'sending':
      return 'Sending the press …';
    case 'waiting':
      return 'Pending: waiting for the device to report the press …';
    case 'stored':
      return `Stored after ${stored}. Waiting for the action …`;
    case 'running':
      return `Stored after ${stored}. The action is running …`;
    case 'succeeded':
      return `Action succeeded, ${ended} after the press.`;
    case 'failed':
      return `Action failed, ${ended} after the press. ${press.sentence ?? ''}`;
    case 'without-action':
      return `Stored after ${stored}. No action is attached to this button.`;
    case 'refused':
    case 'silent':
      return press.sentence ?? '';
  }
}
