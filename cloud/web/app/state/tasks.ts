/** How views read from the backend and change what is there. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Fault, faultOf } from '../errors.js';
import { useStore } from './hooks.js';
import { refresher } from './refresher.js';

export interface Fresh<T> {
  /** Undefined until the first answer. */
  readonly value: T | undefined;
  readonly fault: Fault | undefined;
  readonly reload: () => void;
}

/** Loads at once, and again whenever `trigger` changes. What it loads must not change: give the view a key. */
export function useFresh<T>(load: () => Promise<T>, trigger: unknown): Fresh<T> {
  const store = useStore();
  const [state, setState] = useState<{ value?: T; fault?: Fault }>({});
  const isGone = useRef(false);
  const [reload] = useState(() =>
    refresher(async () => {
      if (isGone.current) return;
      try {
        const value = await load();
        if (!isGone.current) setState({ value });
      } catch (error) {
        store.checkSession(error);
        if (!isGone.current) setState((before) => ({ ...before, fault: faultOf(error) }));
      }
    }),
  );
  useEffect(reload, [reload, trigger]);
  useEffect(() => {
    isGone.current = false;
    return () => {
      isGone.current = true;
    };
  }, []);
  return { value: state.value, fault: state.fault, reload };
}

export interface Task {
  readonly fault: Fault | undefined;
  readonly isBusy: boolean;
  /** One at a time. Never rejects: what went wrong is `fault`. */
  readonly run: (work: () => Promise<unknown>) => void;
  readonly clear: () => void;
}

export function useTask(): Task {
  const store = useStore();
  const [fault, setFault] = useState<Fault | undefined>();
  const [isBusy, setBusy] = useState(false);
  const run = (work: () => Promise<unknown>) => {
    if (isBusy) return;
    setBusy(true);
    setFault(undefined);
    work()
      .catch((error: unknown) => {
        store.checkSession(error);
        setFault(faultOf(error));
      })
      .finally(() => setBusy(false));
  };
  return { fault, isBusy, run, clear: () => setFault(undefined) };
}
