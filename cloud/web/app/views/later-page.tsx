/** Fetches the code of the pages behind the first one when one of them is opened. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Route } from '../state/route.js';
import { Waiting } from './page-head.js';

export type PageRoute = Exclude<Route, { page: 'home' }>;
type Pages = ComponentType<{ route: PageRoute }>;

export function LaterPage({ route }: { route: PageRoute }) {
  const [loaded, setLoaded] = useState<{ Pages?: Pages; isMissing?: true }>({});
  useEffect(() => {
    import('./pages.js').then(
      ({ Pages }) => setLoaded({ Pages }),
      // After an update the server has other files than those that this page knows.
      () => setLoaded({ isMissing: true }),
    );
  }, []);
  if (loaded.isMissing === true) return <p class="problem">This page cannot be loaded. Reload it.</p>;
  return loaded.Pages === undefined ? <Waiting /> : <loaded.Pages route={route} />;
}
