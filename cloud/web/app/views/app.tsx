/** The page as a whole: which of its faces to show, and the order of its parts. */
import { useEffect, useRef } from 'preact/hooks';
import { useRoute, useSlice } from '../state/hooks.js';
import type { Route } from '../state/route.js';
import type { State } from '../state/store.js';
import { ActivitySection } from './activity-section.js';
import { AddDeviceSection } from './add-device-section.js';
import { AlarmsSection } from './alarms-section.js';
import { BackupsSection } from './backups-section.js';
import { ButtonsSection } from './buttons-section.js';
import { LostBanner } from './connection-notice.js';
import { Header } from './header.js';
import { LaterPage } from './later-page.js';
import { Loading } from './loading.js';
import { Navigation } from './navigation.js';
import { RoverSection } from './rover-section.js';
import { SensorsSection } from './sensors-section.js';
import { SignIn } from './sign-in.js';
import { Tiles } from './tiles.js';

const selectConnection = (state: State) => state.connection;
const selectLoaded = (state: State) => state.data.loads > 0;
const selectAnnouncement = (state: State) => state.announcement;

export function App() {
  const connection = useSlice(selectConnection);
  const isLoaded = useSlice(selectLoaded);
  if (connection.kind === 'signed-out') return <SignIn />;
  return (
    <>
      <a class="skip-link" href="#content">
        Skip to content
      </a>
      <Header />
      {connection.kind === 'lost' && <LostBanner connection={connection} />}
      {isLoaded ? <Page /> : <Loading />}
      <Announcer />
    </>
  );
}

function Page() {
  const route = useRoute();
  useArrival(route);
  return (
    <div class="page">
      <Navigation route={route} />
      <main id="content" class="content" tabIndex={-1}>
        <Content route={route} />
      </main>
    </div>
  );
}

function Content({ route }: { route: Route }) {
  if (route.page !== 'home') return <LaterPage route={route} />;
  return (
    <>
      <Tiles />
      <AlarmsSection />
      <ButtonsSection />
      <AddDeviceSection />
      <ActivitySection />
      <RoverSection />
      <SensorsSection />
      <BackupsSection />
    </>
  );
}

/** A page that is newly opened begins at its top, or at the section that was asked for. */
function useArrival(route: Route): void {
  const place = route.page === 'home' ? 'home' : [route.page, ...route.parts].join('/');
  const section = route.page === 'home' ? route.section : '';
  const last = useRef(place);
  useEffect(() => {
    if (last.current === place) return;
    last.current = place;
    const target = section === '' ? null : document.getElementById(section);
    document.getElementById('content')?.focus({ preventScroll: true });
    if (target === null) window.scrollTo(0, 0);
    else target.scrollIntoView();
  }, [place, section]);
}

/** Reads new presses and their outcomes aloud; not visible. */
function Announcer() {
  return (
    <div class="visually-hidden" role="status" aria-live="polite">
      {useSlice(selectAnnouncement)}
    </div>
  );
}
