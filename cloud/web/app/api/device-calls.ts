/** What can be done with a device. A change names the version that it was made from. */
import type { ThingView } from '../../../../core/wire/api.js';
import { segment, type Transport } from './transport.js';

export const thingsPage = 500;

export interface DeviceCalls {
  /** By name, those after `after`, at most `thingsPage`. */
  things(after: string): Promise<ThingView[]>;
  /** Claimed and enabled at once. */
  createThing(name: string, type: string): Promise<ThingView>;
  /** The token with which the device signs up; told once. */
  createClaimToken(name: string): Promise<{ claimToken: string; expiresAt: string }>;
  setEnabled(thing: ThingView, enabled: boolean): Promise<ThingView>;
  initiateClaim(name: string): Promise<ThingView>;
  finalizeClaim(name: string): Promise<ThingView>;
  /** All devices of a box. */
  claimByCode(claimCode: string): Promise<{ total: number }>;
  unclaim(name: string): Promise<ThingView>;
  /** `by` takes the place of `name`. The answer is `by`. */
  replaceThing(name: string, by: string): Promise<ThingView>;
  batteryReplaced(name: string): Promise<ThingView>;
}

export function deviceCalls({ get, send }: Transport): DeviceCalls {
  const path = (name: string, verb = '') => `/things/${segment(name)}${verb}`;
  return {
    things: (after) => get(`/things?after=${segment(after)}&limit=${thingsPage}`),
    createThing: (name, type) => send('POST', '/things', { name, type }),
    createClaimToken: (name) => send('POST', path(name, '/claim-token')),
    setEnabled: ({ name, version }, enabled) => send('PATCH', path(name), { enabled }, { version }),
    initiateClaim: (name) => send('POST', path(name, '/initiate-claim')),
    finalizeClaim: (name) => send('POST', path(name, '/finalize-claim')),
    claimByCode: (claimCode) => send('POST', '/claims', { claimCode }),
    unclaim: (name) => send('POST', path(name, '/unclaim')),
    replaceThing: (name, by) => send('POST', path(name, '/replace'), { by }),
    batteryReplaced: (name) => send('POST', path(name, '/battery-replaced')),
  };
}
