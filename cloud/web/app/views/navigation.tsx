/** Links to the sections; marks the one that is being read. */
import { useEffect, useState } from 'preact/hooks';
import { fullTime, timeSince } from '../format/time.js';
import { useNow, useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { Icon, type IconName } from './icons.js';

const sections: readonly (readonly [id: string, title: string, icon: IconName])[] = [
  ['alarms', 'Alarms', 'warning'],
  ['buttons', 'Buttons', 'button'],
  ['activity', 'Activity', 'activity'],
  ['sensors', 'Sensors', 'sensor'],
  ['backups', 'Backups', 'backup'],
];

export function Navigation() {
  const current = useCurrentSection();
  return (
    <nav class="navigation" aria-label="Sections">
      <ul>
        {sections.map(([id, title, icon]) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === current ? 'true' : undefined}>
              <Icon name={icon} />
              {title}
            </a>
          </li>
        ))}
      </ul>
      <About />
    </nav>
  );
}

const selectVersion = (state: State) => state.data.version;
const selectStartedAt = (state: State) => state.data.startedAt;

function About() {
  const startedMs = Date.parse(useSlice(selectStartedAt));
  const version = useSlice(selectVersion);
  const now = useNow(30_000);
  return (
    <p class="about" title={fullTime(startedMs)}>
      Version {version}
      <br />
      Started {timeSince(startedMs, now)}
    </p>
  );
}

/** The last section whose top has passed the upper third of the window; the last one at the page's end. */
function useCurrentSection(): string {
  const [current, setCurrent] = useState('buttons');
  useEffect(() => {
    const update = () => setCurrent(sectionInView());
    window.addEventListener('scroll', update, { passive: true });
    window.addEventListener('resize', update);
    update();
    return () => {
      window.removeEventListener('scroll', update);
      window.removeEventListener('resize', update);
    };
  }, []);
  return current;
}

function sectionInView(): string {
  const ids = sections.map(([id]) => id);
  const { scrollHeight } = document.documentElement;
  if (scrollY > 0 && scrollY + innerHeight >= scrollHeight - 2) return ids.at(-1) ?? '';
  const passed = ids.filter((id) => {
    const top = document.getElementById(id)?.getBoundingClientRect().top;
    return top !== undefined && top < innerHeight / 3;
  });
  return passed.at(-1) ?? ids[0] ?? '';
}
