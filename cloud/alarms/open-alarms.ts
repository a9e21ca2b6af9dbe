/** Opens the alarms of a cloud: joins them to the registry, to placements and to actions. */
import type { Clock } from '../../core/clock.js';
import { hasCode } from '../../core/errors.js';
import type { Lifetimes } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { AlarmRule } from '../../core/wire/alarms.js';
import type { ThingView } from '../../core/wire/api.js';
import type { Dispatcher } from '../actions/dispatcher.js';
import type { StreamHub } from '../http/stream-hub.js';
import type { Stores } from '../stores.js';
import { AlarmDesk } from './alarm-desk.js';
import type { AlarmEngine } from './alarm-engine.js';
import type { ThingFacts } from './engine-options.js';
import type { ThingInfo } from './notices.js';

/** As many as one backend is meant for, ten times over. */
const maxThings = 100_000;

export interface AlarmParts {
  readonly stores: Stores;
  readonly dispatcher: Dispatcher;
  readonly hub: StreamHub;
  /** Told of the engine, so that messages reach it. */
  readonly links: { alarms?: AlarmEngine };
  readonly clock: Clock;
  readonly log: Logger;
}

export async function openAlarms(
  rules: readonly AlarmRule[],
  { stores, dispatcher, hub, links, clock, log }: AlarmParts,
  lifetimes: Lifetimes,
): Promise<AlarmDesk> {
  const { database, things, states } = stores;
  const desk = await AlarmDesk.open(
    {
      database,
      dispatcher,
      clock,
      log: log.with({ part: 'alarms' }),
      factsOf: async (thing) => factsOf(await viewOf(stores, thing)),
      allFacts: async () => {
        const heard = (await things.list({ limit: maxThings })).filter(
          ({ name }) => states.get(name).lastSeenMs !== null,
        );
        return heard.map((view) => factsOf(view)).filter((facts) => facts !== undefined);
      },
      thingInfo: (thing) => thingInfo(stores, thing),
      onAlarm: (alarm) => hub.publish({ type: 'alarm', data: alarm }),
    },
    rules,
  );
  links.alarms = desk.engine;
  return lifetimes.add('alarms', desk);
}

async function viewOf({ things }: Stores, thing: string): Promise<ThingView | undefined> {
  try {
    return await things.view(thing);
  } catch (error) {
    if (hasCode(error, 'THING_UNKNOWN')) return undefined;
    throw error;
  }
}

function factsOf(view: ThingView | undefined): ThingFacts | undefined {
  return view && { thing: view.name, type: view.type, life: view.remainingLife };
}

async function thingInfo(stores: Stores, thing: string): Promise<ThingInfo | undefined> {
  const view = await viewOf(stores, thing);
  if (view === undefined) return undefined;
  const deviceInfo = { deviceId: view.name, type: view.type, remainingLife: view.remainingLife ?? 100 };
  const placement = stores.projects.placementOf(thing);
  if (placement === undefined) return { deviceInfo };
  const { projectName, placementName, attributes, devices } = placement;
  return { deviceInfo, placementInfo: { projectName, placementName, attributes, devices } };
}
