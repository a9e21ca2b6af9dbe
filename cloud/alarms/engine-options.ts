/** What alarms need of the rest of the cloud. */
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../core/db/database.js';
import type { Logger } from '../../core/log.js';
import type { AlarmView } from '../../core/wire/alarms.js';
import type { Dispatcher } from '../actions/dispatcher.js';
import type { ThingInfo } from './notices.js';

export interface ThingFacts {
  readonly thing: string;
  readonly type: string;
  /** Percent; null when not counted. */
  readonly life: number | null;
}

export interface AlarmEngineOptions {
  readonly database: Database;
  readonly dispatcher: Pick<Dispatcher, 'transact'>;
  readonly factsOf: (thing: string) => Promise<ThingFacts | undefined>;
  /** Every thing that was ever heard. */
  readonly allFacts: () => Promise<ThingFacts[]>;
  readonly thingInfo: (thing: string) => Promise<ThingInfo | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of each change after it happened. */
  readonly onAlarm: (alarm: AlarmView) => void;
}
