/** Links to the sections of the front page and to the other pages; marks the one that is being read. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { fullTime, timeSince } from '../format/time.js';
import { useNow, useSlice } from '../state/hooks.js';
import { linkTo, type PageName, type Route } from '../state/route.js';
import type { State } from '../state/store.js';
import { Icon, type IconName } from './icons.js';

const sections: readonly (readonly [id: string, title: string, icon: IconName])[] = [
  ['alarms', 'Alarms', 'warning'],
  ['buttons', 'Buttons', 'button'],
  ['activity', 'Activity', 'activity'],
  ['sensors', 'Sensors', 'sensor'],
  ['backups', 'Backups', 'backup'],
];

const links: readonly (readonly [page: PageName, title: string, icon: IconName])[] = [
  ['devices', 'Devices', 'device'],
  ['projects', 'Projects', 'place'],
  ['workflows', 'Workflows', 'workflow'],
  ['jobs', 'Jobs', 'job'],
];

export function Navigation({ route }: { route: Route }) {
  const section = useCurrentSection();
  const current = route.page === 'home' ? section : route.page;
  const navigation = useRef<HTMLElement>(null);
  useEffect(() => showLink(navigation.current, current), [current]);
  return (
    <nav ref={navigation} class="navigation" aria-label="Sections">
      <ul>
        {sections.map(([id, title, icon]) => (
          <Link key={id} href={`#${id}`} title={title} icon={icon} isCurrent={id === current} />
        ))}
      </ul>
      <ul class="navigation-pages">
        {links.map(([page, title, icon]) => (
          <Link key={page} href={linkTo(page)} title={title} icon={icon} isCurrent={page === current} />
        ))}
      </ul>
      <About />
    </nav>
  );
}

interface LinkProps {
  readonly href: string;
  readonly title: string;
  readonly icon: IconName;
  readonly isCurrent: boolean;
}

function Link({ href, title, icon, isCurrent }: LinkProps) {
  return (
    <li>
      <a href={href} aria-current={isCurrent ? 'true' : undefined}>
        <Icon name={icon} />
        {title}
      </a>
    </li>
  );
}

/** On a phone the links are one row that scrolls. */
function showLink(navigation: HTMLElement | null, current: string): void {
  const link = navigation?.querySelector<HTMLElement>(`a[href$="${current}"]`);
  if (navigation === null || link == null || navigation.scrollWidth <= navigation.clientWidth) return;
  navigation.scrollLeft = link.offsetLeft - (navigation.clientWidth - link.offsetWidth) / 2;
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
