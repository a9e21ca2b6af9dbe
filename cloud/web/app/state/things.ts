/** Devices for those views that need all of them, not the first only. */
import { useEffect } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import { useSlice, useStore } from './hooks.js';
import type { State } from './store.js';

const selectThings = (state: State) => state.data.things;
const selectLoads = (state: State) => state.data.loads;

export function useThings(): readonly ThingView[] {
  const store = useStore();
  const loads = useSlice(selectLoads);
  useEffect(() => void store.loadThings(), [store, loads]);
  return useSlice(selectThings);
}

export type Options = readonly (readonly [value: string, text: string])[];

const types: Options = [
  ['button', 'Button with a battery'],
  ['wired-button', 'Button with a supply of its own'],
  ['lte-m-button', 'Button on the mobile network'],
  ['sensor', 'Sensor'],
];

/** The types that come along, and others that the configuration has added and a device is of. */
export function typeOptions(things: readonly ThingView[]): Options {
  const known = new Set(types.map(([type]) => type));
  const others = [...new Set(things.map(({ type }) => type))].filter((type) => !known.has(type)).sort();
  return [...types, ...others.map((type) => [type, type] as const)];
}
