/**
 * The path of a click: validated, stored in groups together with their runs in one flush, then run at once.
 * Invariant: a click id of a thing is stored once and starts at most one run, however often it comes.
 */
import type { Clock } from '../../core/clock.js';
import type { SqlWriter } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { ClickView } from '../../core/wire/api.js';
import { clickMessage } from '../../core/wire/messages.js';
import type { Dispatcher } from '../actions/dispatcher.js';
import { buildClickEvent, type PlacementOfThing } from '../actions/event.js';
import type { Submit } from '../actions/run-intake.js';
import type { RunRequest } from '../actions/run-request.js';
import { GroupCommit } from '../db/group-commit.js';
import { watchHealth } from '../devices/health.js';
import type { Refusals } from '../refusals.js';
import type { DeviceTypes } from '../registry/device-types.js';
import { type Arrived, type ClickFacts, readClickFacts } from './click-facts.js';
import { confirmClaims, type NewClick, type ThingChange, writeClicks } from './click-rows.js';
import { parsePayload } from './payload.js';

/** Where a thing sits, from memory. */
interface PlacementLookup {
  placementOf(
    thing: string,
  ): (PlacementOfThing & { readonly onClickCallback: string | undefined }) | undefined;
}

export interface ClickIngestOptions {
  readonly dispatcher: Dispatcher;
  readonly placements: PlacementLookup;
  readonly types: DeviceTypes;
  /** The region that events name. */
  readonly region: string;
  readonly clock: Clock;
  readonly refusals: Refusals;
  readonly log: Logger;
  /** Told of each new click, after it is stored. `hasRun`: an action follows. */
  readonly onClick: (click: ClickView, hasRun: boolean) => void;
}

/** What the transaction made of one click; undefined for one that was stored before. */
type Stored = { readonly hasRun: boolean } | undefined;

/** What a group of clicks comes to, before anything of it is written. */
interface Plan {
  readonly clicks: NewClick[];
  readonly changes: Map<string, ThingChange>;
  readonly firstEvents: Set<string>;
  readonly requests: RunRequest[];
  readonly stored: Stored[];
}

export class ClickIngest implements Closeable {
  readonly #options: ClickIngestOptions;
  readonly #commits: GroupCommit<Arrived, Stored>;

  constructor(options: ClickIngestOptions) {
    this.#options = options;
    this.#commits = new GroupCommit((clicks) => this.#commit(clicks));
  }

  /**
   * Resolves when the click is durable and its run is under way, or when it can never be stored.
   * @throws DATABASE_* when it is to be sent again.
   */
  async accept(thing: string, payload: Uint8Array): Promise<void> {
    const { clock, refusals, log } = this.#options;
    const message = parsePayload(clickMessage, payload);
    if (!message.ok) {
      const { reason, faults } = message;
      if (refusals.count('click', reason)) log.warn('click dropped: not valid', { thing, faults });
      return;
    }
    await this.#commits.add({ thing, message: message.value, receivedMs: clock.now() });
  }

  /** Stores what was accepted; refuses the rest. */
  close(): Promise<void> {
    return this.#commits.close();
  }

  async #commit(clicks: readonly Arrived[]): Promise<Stored[]> {
    const stored = await this.#options.dispatcher.transact((tx, submit) => this.#store(tx, submit, clicks));
    // By now every handler has got its event, before anybody else is told anything.
    clicks.forEach((click, index) => {
      const one = stored[index];
      if (one !== undefined) this.#options.onClick(viewOf(click), one.hasRun);
    });
    return stored;
  }

  async #store(tx: SqlWriter, submit: Submit, clicks: readonly Arrived[]): Promise<Stored[]> {
    const plan = this.#plan(clicks, await readClickFacts(tx, clicks));
    await writeClicks(tx, plan.clicks, [...plan.changes.values()]);
    await confirmClaims(tx, [...plan.firstEvents]);
    await submit(plan.requests);
    return plan.stored;
  }

  #plan(clicks: readonly Arrived[], facts: readonly (ClickFacts | undefined)[]): Plan {
    const plan: Plan = {
      clicks: [],
      changes: new Map(),
      firstEvents: new Set(),
      requests: [],
      stored: [],
    };
    const seen = new Set<string>();
    clicks.forEach((click, index) => {
      const known = facts[index];
      const key = `${click.thing} ${click.message.id}`;
      if (known === undefined) this.#options.log.warn('click dropped: no such thing', { thing: click.thing });
      const isNew = known !== undefined && !known.isKnown && !seen.has(key);
      seen.add(key);
      plan.stored.push(isNew ? this.#add(plan, click, known) : undefined);
    });
    return plan;
  }

  /** Adds a new click to the plan, after those of the same thing that are in it already. */
  #add(plan: Plan, click: Arrived, facts: ClickFacts): { readonly hasRun: boolean } {
    const { thing, receivedMs } = click;
    const change = plan.changes.get(thing) ?? {
      thing,
      clicks: 0,
      lastSeenMs: receivedMs,
      isHealthRaised: facts.isHealthRaised,
    };
    plan.changes.set(thing, change);
    change.clicks++;
    change.lastSeenMs = receivedMs;
    const lifeLeft = this.#options.types.remainingLife(facts.type, facts.clicksOfBattery + change.clicks);
    plan.clicks.push({ ...click, lifeLeft });
    if (facts.awaitsFirstEvent) plan.firstEvents.add(thing);
    const request = facts.enabled ? this.#requestFor(click, facts, lifeLeft ?? 100) : undefined;
    if (request !== undefined) plan.requests.push(request);
    if (facts.healthCallback !== null) {
      const health = this.#healthOf(click, facts, lifeLeft, change.isHealthRaised);
      change.isHealthRaised = health.isRaised;
      if (health.request !== undefined) plan.requests.push(health.request);
    }
    return { hasRun: request !== undefined };
  }

  /** The template's callback for a placed thing, its own for another; undefined when there is none. */
  #requestFor(click: Arrived, facts: ClickFacts, lifeLeft: number): RunRequest | undefined {
    const { thing, message, receivedMs } = click;
    const placement = this.#options.placements.placementOf(thing);
    const callback = placement ? placement.onClickCallback : facts.onClickCallback;
    if (callback === undefined || callback === null || callback === '') return undefined;
    const event = buildClickEvent({
      thing,
      type: this.#options.types.kindOf(facts.type),
      clickType: message.clickType,
      receivedMs,
      remainingLife: lifeLeft,
      placement,
      region: this.#options.region,
    });
    return {
      source: { kind: 'click', id: message.id },
      thing,
      target: callback,
      event: JSON.stringify(event),
    };
  }

  #healthOf({ thing, message }: Arrived, facts: ClickFacts, lifeLeft: number | null, isRaised: boolean) {
    const { types, placements, region } = this.#options;
    return watchHealth({
      thing,
      kind: types.kindOf(facts.type),
      enabled: facts.enabled,
      callback: facts.healthCallback,
      threshold: facts.healthThreshold,
      isRaised,
      lifeLeft,
      placement: placements.placementOf(thing),
      region,
      clickId: message.id,
    });
  }
}

function viewOf({ thing, message, receivedMs }: Arrived): ClickView {
  return {
    id: message.id,
    thing,
    button: message.button,
    clickType: message.clickType,
    deviceTime: new Date(Date.parse(message.deviceTime)).toISOString(),
    receivedAt: new Date(receivedMs).toISOString(),
  };
}
