/** How views reach the store and the time. */
import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import { type Route, routeOf } from './route.js';
import type { State, Store } from './store.js';

export const StoreContext = createContext<Store | undefined>(undefined);

export function useStore(): Store {
  const store = useContext(StoreContext);
  if (store === undefined) throw new TypeError('useStore outside of a StoreContext');
  return store;
}

/** A slice of the state. `select` must hand out existing members, not make new ones. */
export function useSlice<T>(select: (state: State) => T): T {
  const store = useStore();
  const [slice, setSlice] = useState(() => select(store.state));
  useEffect(() => {
    const update = () => setSlice(() => select(store.state));
    update();
    return store.subscribe(update);
  }, [store]);
  return slice;
}

/** Wall-clock time in epoch milliseconds at this rendering, and a rendering at least every `everyMs`. */
export function useNow(everyMs: number): number {
  const { clock } = useStore();
  const [, setTicks] = useState(0);
  useEffect(() => {
    let timer = clock.after(everyMs, tick);
    function tick(): void {
      setTicks((ticks) => ticks + 1);
      timer = clock.after(everyMs, tick);
    }
    return () => timer.cancel();
  }, [clock, everyMs]);
  return clock.now();
}

/** Where the address points now, by link, by hand or back. */
export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    // The link past the navigation stays on the page.
    const update = () => location.hash !== '#content' && setHash(location.hash);
    window.addEventListener('hashchange', update);
    return () => window.removeEventListener('hashchange', update);
  }, []);
  return routeOf(hash);
}
