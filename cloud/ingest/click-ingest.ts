/**
 * The path of a click: validated, stored together with its run in one flush, then run at once.
 * Invariant: a click id of a thing is stored once and starts at most one run, however often it comes.
 */
import type { Clock } from '../../core/clock.js';
import type { SqlRow, SqlWriter } from '../../core/db/database.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { ClickView } from '../../core/wire/api.js';
import { type ClickMessage, clickMessage } from '../../core/wire/messages.js';
import type { Dispatcher } from '../actions/dispatcher.js';
import { buildClickEvent, type PlacementOfThing } from '../actions/event.js';
import type { Submit } from '../actions/run-intake.js';
import type { RunRequest } from '../actions/run-request.js';
import { GroupCommit } from '../db/group-commit.js';
import { type HealthFacts, watchHealth } from '../devices/health.js';
import type { Refusals } from '../refusals.js';
import type { DeviceTypes } from '../registry/device-types.js';
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

interface Arrived {
  readonly thing: string;
  readonly message: ClickMessage;
  readonly receivedMs: number;
}

/** What the transaction made of one click; undefined for one that was stored before. */
type Stored = { readonly hasRun: boolean } | undefined;

interface ThingFacts extends SqlRow {
  type: string;
  enabled: number;
  claim: string;
  clicks: number | null;
  clicks_before_battery: number | null;
  on_click_callback: string | null;
  health_callback: string | null;
  health_threshold: number | null;
  health_raised: number | null;
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
    const stored = await this.#options.dispatcher.transact(async (tx, submit) => {
      const each: Stored[] = [];
      for (const click of clicks) each.push(await this.#store(tx, submit, click));
      return each;
    });
    // By now every handler has got its event, before anybody else is told anything.
    clicks.forEach((click, index) => {
      const one = stored[index];
      if (one !== undefined) this.#options.onClick(viewOf(click), one.hasRun);
    });
    return stored;
  }

  async #store(tx: SqlWriter, submit: Submit, click: Arrived): Promise<Stored> {
    const { thing } = click;
    const facts = await tx.get<ThingFacts>(
      `SELECT type, enabled, claim, clicks, clicks_before_battery, on_click_callback, health_callback,
         health_threshold, health_raised FROM thing LEFT JOIN thing_state ON thing = name WHERE name = ?`,
      [thing],
    );
    if (facts === undefined) {
      this.#options.log.warn('click dropped: no such thing', { thing });
      return undefined;
    }
    const clicksOfBattery = (facts.clicks ?? 0) + 1 - (facts.clicks_before_battery ?? 0);
    const lifeLeft = this.#options.types.remainingLife(facts.type, clicksOfBattery);
    if (!(await insertClick(tx, click, lifeLeft))) return undefined;
    await tx.run(
      `INSERT INTO thing_state (thing, clicks, last_seen_ms) VALUES (?, 1, ?)
       ON CONFLICT (thing) DO UPDATE SET clicks = clicks + 1, last_seen_ms = excluded.last_seen_ms`,
      [thing, click.receivedMs],
    );
    if (facts.claim === 'CLAIM_INITIATED') await confirmClaim(tx, thing);
    const request = facts.enabled === 1 ? this.#requestFor(click, facts, lifeLeft ?? 100) : undefined;
    if (request !== undefined) await submit(request);
    await watchHealth(tx, submit, this.#healthOf(click, facts, lifeLeft));
    return { hasRun: request !== undefined };
  }

  /** The template's callback for a placed thing, its own for another; undefined when there is none. */
  #requestFor(click: Arrived, facts: ThingFacts, lifeLeft: number): RunRequest | undefined {
    const { thing, message, receivedMs } = click;
    const placement = this.#options.placements.placementOf(thing);
    const callback = placement ? placement.onClickCallback : facts.on_click_callback;
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

  #healthOf({ thing, message }: Arrived, facts: ThingFacts, lifeLeft: number | null): HealthFacts {
    return {
      thing,
      kind: this.#options.types.kindOf(facts.type),
      enabled: facts.enabled === 1,
      callback: facts.health_callback,
      threshold: facts.health_threshold,
      isRaised: facts.health_raised === 1,
      lifeLeft,
      placement: this.#options.placements.placementOf(thing),
      region: this.#options.region,
      clickId: message.id,
    };
  }
}

/** The first event after a claim was initiated is what the claim waits for. */
async function confirmClaim(tx: SqlWriter, thing: string): Promise<void> {
  await tx.run(
    `UPDATE thing SET claim_confirmed = 1, version = version + 1
     WHERE name = ? AND claim = 'CLAIM_INITIATED' AND claim_confirmed = 0`,
    [thing],
  );
}

async function insertClick(tx: SqlWriter, click: Arrived, lifeLeft: number | null): Promise<boolean> {
  const { message } = click;
  const synced = message.clockSynced;
  const { changes } = await tx.run(
    `INSERT INTO clicks (thing, id, seq, button, click_type, device_time_ms, clock_synced, received_ms,
       remaining_life) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (thing, id) DO NOTHING`,
    [
      click.thing,
      message.id,
      message.seq,
      message.button,
      message.clickType,
      Date.parse(message.deviceTime),
      synced === undefined ? null : Number(synced),
      click.receivedMs,
      lifeLeft,
    ],
  );
  return changes === 1;
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
