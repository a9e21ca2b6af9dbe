/** What happens to what devices send: who stores it, and who is told of it afterwards. */
import type { Clock } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { CommandMessage, FeedbackMessage } from '../core/wire/messages.js';
import type { Dispatcher } from './actions/dispatcher.js';
import { brokerAway } from './actions/errors.js';
import type { Broker } from './broker/broker.js';
import type { Ingest } from './broker/ingest.js';
import type { Fleet } from './fleet.js';
import type { StreamHub } from './http/stream-hub.js';
import { ClickIngest } from './ingest/click-ingest.js';
import { StatusIngest } from './ingest/status-ingest.js';
import { TelemetryIngest } from './ingest/telemetry-ingest.js';
import type { Stores } from './stores.js';

/** Parts that feed one another in a circle reach each other through here; set before they are used. */
export interface Links {
  broker?: Broker;
}

interface Watchers {
  readonly stores: Stores;
  readonly hub: StreamHub;
  readonly log: Logger;
}

export interface IntakeParts extends Watchers {
  readonly dispatcher: Dispatcher;
  readonly links: Links;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** The region that events name. */
  readonly region: string;
}

/** For a lamp on the device: of use now or not at all, so that a failure is no error. */
export function sendFeedback(links: Links, log: Logger, thing: string, message: FeedbackMessage): void {
  links.broker?.publish(thing, 'feedback', JSON.stringify(message)).catch((error: unknown) => {
    log.debug('feedback not sent', { thing, error });
  });
}

/** For actions that publish. @throws BROKER_AWAY */
export async function publishOn(
  links: Links,
  topic: string,
  payload: string,
  options: { retain: boolean },
): Promise<void> {
  if (links.broker === undefined) throw brokerAway();
  await links.broker.announce(topic, payload, options);
}

/** False when the thing is not connected. */
export async function sendCommand(links: Links, thing: string, command: CommandMessage): Promise<boolean> {
  return (await links.broker?.publish(thing, 'command', JSON.stringify(command))) ?? false;
}

export function openIngest(parts: IntakeParts, lifetimes: Lifetimes): Ingest {
  const { dispatcher, hub, links, fleet, clock, log, region } = parts;
  const { registry, states, projects, telemetry } = parts.stores;
  const clicks = new ClickIngest({
    dispatcher,
    placements: projects,
    types: registry.types,
    region,
    clock,
    log,
    onClick: (click, hasRun) => {
      states.seen(click.thing);
      hub.publish({ type: 'click', data: click });
      if (!hasRun) sendFeedback(links, log, click.thing, { v: 1, id: click.id, outcome: 'stored' });
    },
  });
  const readings = new TelemetryIngest({
    store: telemetry,
    log,
    onReading: (thing, { deviceTime, ...reading }) =>
      hub.publish({ type: 'reading', data: { thing, ...reading, time: deviceTime } }),
  });
  const status = new StatusIngest({
    states,
    log,
    isConnected: (thing) => links.broker?.isConnected(thing) ?? false,
    onThing: (thing) => tellOfThing(parts, thing),
  });
  lifetimes.add('click ingest', clicks);
  lifetimes.add('telemetry ingest', readings);
  return {
    click: (thing, payload) => clicks.accept(thing, payload),
    telemetry: (thing, payload) => {
      states.seen(thing);
      return readings.accept(thing, payload);
    },
    status: (thing, payload) => status.accept(thing, payload),
    reserved: (thing, rest, payload, reply) => fleet.reserved(thing, rest, payload, reply),
    enrolment: (claim, topic, payload, reply) => fleet.enrol(claim, topic, payload, reply),
  };
}

/** Keeps `online` in step with the broker. */
export function followConnections(broker: Broker, parts: Watchers): void {
  const note = (thing: string, online: boolean) => {
    if (parts.stores.states.setOnline(thing, online)) tellOfThing(parts, thing);
  };
  broker.onConnected((thing) => note(thing, true));
  broker.onDisconnected((thing) => note(thing, false));
}

/** Shows a change of a thing to whoever watches. */
export function tellOfThing({ stores, hub, log }: Watchers, thing: string): void {
  if (hub.clientCount === 0) return;
  stores.things.view(thing).then(
    (view) => hub.publish({ type: 'thing', data: view }),
    (error: unknown) => log.debug('change of a thing not shown', { thing, error }),
  );
}
