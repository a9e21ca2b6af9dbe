/** What happens to what devices send: who stores it, and who is told of it afterwards. */
import type { Clock, Timer } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { CommandMessage, FeedbackMessage } from '../core/wire/messages.js';
import type { Dispatcher } from './actions/dispatcher.js';
import { brokerAway } from './actions/errors.js';
import type { AlarmEngine } from './alarms/alarm-engine.js';
import type { Broker } from './broker/broker.js';
import type { Ingest } from './broker/ingest.js';
import type { Fleet } from './fleet.js';
import type { StreamHub } from './http/stream-hub.js';
import { ClickIngest } from './ingest/click-ingest.js';
import { StatusIngest } from './ingest/status-ingest.js';
import { TelemetryIngest } from './ingest/telemetry-ingest.js';
import type { Refusals } from './refusals.js';
import type { Stores } from './stores.js';
import { Presence } from './things/presence.js';

/** Parts that feed one another in a circle reach each other through here; set before they are used. */
export interface Links {
  alarms?: AlarmEngine;
  presence?: Presence;
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
  readonly refusals: Refusals;
  readonly fleet: Fleet;
  readonly clock: Clock;
  /** The region that events name. */
  readonly region: string;
}

/**
 * For a lamp on the device: of use now or not at all, so that a failure is no error. QoS 0, because the
 * device's acknowledgement would hold up its next press: TCP keeps back what is small until the
 * acknowledgement's own arrival is known, 40 ms later.
 */
export function sendFeedback(links: Links, log: Logger, thing: string, message: FeedbackMessage): void {
  links.broker?.publish(thing, 'feedback', JSON.stringify(message), { qos: 0 }).catch((error: unknown) => {
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
  const { dispatcher, hub, links, fleet, refusals, clock, log, region } = parts;
  const { registry, states, projects, telemetry } = parts.stores;
  const clicks = new ClickIngest({
    dispatcher,
    placements: projects,
    types: registry.types,
    region,
    refusals,
    clock,
    log,
    onClick: (click, hasRun) => {
      states.seen(click.thing);
      links.alarms?.heard(click.thing);
      links.alarms?.pressed(click.thing);
      hub.publish({ type: 'click', data: click });
      if (!hasRun) sendFeedback(links, log, click.thing, { v: 1, id: click.id, outcome: 'stored' });
    },
  });
  const readings = new TelemetryIngest({
    store: telemetry,
    refusals,
    log,
    onReading: (thing, { deviceTime, ...reading }) => {
      links.alarms?.reading(thing, reading);
      hub.publish({ type: 'reading', data: { thing, ...reading, time: deviceTime } });
    },
  });
  const status = new StatusIngest({
    states,
    refusals,
    log,
    isConnected: (thing) => links.presence?.isHere(thing) ?? false,
    onThing: (thing, isThere) => {
      if (isThere) links.alarms?.heard(thing);
      tellOfThing(parts, thing);
    },
  });
  keepLastHeard(parts, lifetimes);
  lifetimes.add('click ingest', clicks);
  lifetimes.add('telemetry ingest', readings);
  return {
    click: (thing, payload) => clicks.accept(thing, payload),
    telemetry: (thing, payload) => {
      states.seen(thing);
      links.alarms?.heard(thing);
      return readings.accept(thing, payload);
    },
    status: (thing, payload) => status.accept(thing, payload),
    reserved: (thing, rest, payload, reply) => fleet.reserved(thing, rest, payload, reply),
    enrolment: (claim, topic, payload, reply) => fleet.enrol(claim, topic, payload, reply),
  };
}

/** Writes once a minute when things were last heard. */
function keepLastHeard(
  { stores, clock, log }: { readonly stores: Stores; readonly clock: Clock; readonly log: Logger },
  lifetimes: Lifetimes,
): void {
  const write = () =>
    stores.states.flush().catch((error: unknown) => log.warn('cannot store who was heard', { error }));
  const beat = (): Timer =>
    clock.after(
      60_000,
      () => {
        void write();
        timer = beat();
      },
      { background: true },
    );
  let timer = beat();
  lifetimes.defer('last heard', () => {
    timer.cancel();
    return write();
  });
}

/** Keeps `online` in step with the broker. */
export function followConnections(
  broker: Broker,
  parts: Watchers & { readonly links: Links; readonly clock: Clock },
  lifetimes: Lifetimes,
): void {
  const { links, clock } = parts;
  const presence = new Presence(clock, (thing, online) => {
    if (parts.stores.states.setOnline(thing, online)) tellOfThing(parts, thing);
  });
  links.presence = lifetimes.add('presence', presence);
  broker.onConnected((thing) => {
    presence.connected(thing);
    links.alarms?.connection(thing, true);
  });
  broker.onDisconnected((thing) => {
    presence.disconnected(thing);
    links.alarms?.connection(thing, false);
  });
}

/** Shows a change of a thing to whoever watches. */
export function tellOfThing({ stores, hub, log }: Watchers, thing: string): void {
  if (hub.clientCount === 0) return;
  stores.things.view(thing).then(
    (view) => hub.publish({ type: 'thing', data: view }),
    (error: unknown) => log.debug('change of a thing not shown', { thing, error }),
  );
}
