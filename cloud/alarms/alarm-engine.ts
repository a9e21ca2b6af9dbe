/**
 * Watches things and actions by rules. Messages change alarms as they come; what is to be noticed though
 * nothing comes waits in one heap. A change is in memory at once, and stored together with its notices.
 * Invariant: every change is told at most once, also over a restart.
 */
import type { Timer } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { AlarmRule, AlarmView } from '../../core/wire/alarms.js';
import type { Reading } from '../../core/wire/messages.js';
import { type Alarm, newAlarm, restore, storedOf, viewOf } from './alarm.js';
import { alarmStatement, lastOutcomes, loadAlarms, type StoredAlarm } from './alarm-store.js';
import { AlarmVoice } from './alarm-voice.js';
import { DueHeap } from './due-heap.js';
import type { AlarmEngineOptions, ThingFacts } from './engine-options.js';
import { summaryDueMs } from './notice-window.js';
import { Notices } from './notices.js';
import { step } from './standing.js';
import { applies, WatchBook, type WatchedThing } from './watch-book.js';
import { elapsedOf, holdMsOf, lookAt, recall, recallRuns, seriesOf, valuesOf } from './watches.js';

const heartbeatMs = 60_000;
/** Failures remembered of one action; a rule asks for 1,000 at most. */
const maxFailures = 1_000;

export class AlarmEngine implements Closeable {
  readonly #options: AlarmEngineOptions;
  readonly #book = new WatchBook();
  readonly #heap: DueHeap<Alarm>;
  readonly #notices: Notices;
  readonly #voice: AlarmVoice;
  #rules: readonly AlarmRule[] = [];
  #kept = new Map<string, StoredAlarm>();
  #heartbeat: Timer | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: AlarmEngineOptions) {
    this.#options = options;
    this.#heap = new DueHeap(options.clock, (alarm) => this.#onDue(alarm));
    this.#notices = new Notices(options);
    this.#voice = new AlarmVoice({ ...options, notices: this.#notices });
  }

  /** With rules that were there before: their alarms stand as they stood. */
  static async open(options: AlarmEngineOptions, rules: readonly AlarmRule[]): Promise<AlarmEngine> {
    const self = new AlarmEngine(options);
    const kept = await loadAlarms(options.database);
    self.#kept = new Map(kept.map((alarm) => [keyOf(alarm.rule, alarm.subject), alarm]));
    const facts = rules.length === 0 ? [] : await options.allFacts();
    for (const rule of rules) await self.#apply(rule, facts, true);
    self.#beat();
    return self;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Waits until every change so far is stored. */
  settled(): Promise<void> {
    return this.#notices.settled();
  }

  async addRule(rule: AlarmRule): Promise<void> {
    await this.#apply(rule, await this.#options.allFacts(), false);
  }

  removeRule(name: string): void {
    const rule = this.#rules.find((one) => one.name === name);
    if (rule === undefined) return;
    this.#rules = this.#rules.filter((one) => one !== rule);
    for (const alarm of this.#book.remove(rule)) this.#heap.set(alarm, undefined);
  }

  alarms(): Alarm[] {
    return [...this.#book.alarms()];
  }

  /** Undefined when there is none. */
  alarm(rule: string, subject: string): Alarm | undefined {
    const watched = this.#book.thing(subject) ?? this.#book.action(subject);
    const found = watched?.alarms.find((alarm) => alarm.rule.name === rule);
    return found ?? this.#book.action(subject)?.alarms.find((alarm) => alarm.rule.name === rule);
  }

  /** Something came from the thing. */
  heard(thing: string): void {
    const watched = this.#watched(thing);
    watched.watch.heardMs = this.#options.clock.monotonicMs();
    for (const alarm of watched.heard) if (alarm.standing.state !== 'OK') this.#look(alarm);
  }

  /** The newest reading of a series. */
  reading(thing: string, { series, value }: Pick<Reading, 'series' | 'value'>): void {
    const watched = this.#watched(thing);
    const nowMs = this.#options.clock.monotonicMs();
    const entry = seriesOf(watched.watch, series, nowMs);
    entry.heardMs = nowMs;
    entry.value = value;
    for (const alarm of this.#book.ofSeries(watched, series)) this.#look(alarm);
  }

  connection(thing: string, isUp: boolean): void {
    const watched = this.#watched(thing);
    const sinceMs = watched.watch.offlineSinceMs ?? this.#options.clock.monotonicMs();
    watched.watch.offlineSinceMs = isUp ? undefined : sinceMs;
    for (const alarm of watched.connection) this.#look(alarm);
  }

  /** A press counted the thing's life down. */
  pressed(thing: string): void {
    const watched = this.#book.thing(thing);
    if (watched !== undefined && watched.life.length > 0) this.#inBackground(this.#refreshLife(watched));
  }

  /** A run has ended for good. */
  ran(functionName: string, isOk: boolean): void {
    const watched = this.#book.action(functionName);
    if (watched === undefined) return;
    const { watch } = watched;
    watch.inRow = isOk ? 0 : watch.inRow + 1;
    if (!isOk) watch.failedMs.push(this.#options.clock.monotonicMs());
    if (watch.failedMs.length > maxFailures) watch.failedMs.shift();
    for (const alarm of watched.alarms) this.#look(alarm);
  }

  /** Writes what a person changed of it: that they know, or want quiet. */
  async mark(
    alarm: Alarm,
    marks: Partial<Pick<Alarm, 'acknowledgedMs' | 'snoozedUntilMs'>>,
  ): Promise<AlarmView> {
    Object.assign(alarm, marks);
    await this.#write([alarm]);
    this.#plan(alarm);
    this.#options.onAlarm(viewOf(alarm));
    return viewOf(alarm);
  }

  async #apply(rule: AlarmRule, facts: readonly ThingFacts[], isStart: boolean): Promise<void> {
    this.#rules = [...this.#rules, rule];
    if (rule.when.kind === 'failing') {
      await this.#recallRuns(rule.when.function);
      this.#addAlarm(rule, rule.when.function, undefined);
      return;
    }
    const nowMs = this.#options.clock.monotonicMs();
    for (const { thing, type, life } of facts) {
      const watched = this.#book.addThing(thing, nowMs);
      watched.type = type;
      // At a start the alarm itself says how it stood; a battery changed meanwhile is seen at the next press.
      if (!isStart && life !== null) watched.watch.life = life;
    }
    if (rule.thing !== undefined) this.#book.addThing(rule.thing, nowMs);
    const kept = [...this.#kept.values()].filter((alarm) => alarm.rule === rule.name);
    for (const { subject } of kept) this.#book.addThing(subject, nowMs);
    for (const watched of this.#book.things.values()) {
      const { thing } = watched.watch;
      if (applies(rule, watched) || this.#kept.has(keyOf(rule.name, thing)))
        this.#addAlarm(rule, thing, watched);
    }
  }

  #addAlarm(rule: AlarmRule, subject: string, watched: WatchedThing | undefined): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const alarm = newAlarm(rule, subject, watched?.watch, { wallMs: clock.now(), monotonicMs: nowMs });
    const kept = this.#kept.get(keyOf(rule.name, subject));
    if (kept !== undefined) {
      this.#kept.delete(keyOf(rule.name, subject));
      restore(alarm, kept, nowMs);
      if (watched !== undefined) recall(rule.when, watched.watch, kept, nowMs);
    } else if (watched !== undefined && rule.when.kind === 'silent' && rule.when.series !== undefined) {
      seriesOf(watched.watch, rule.when.series, nowMs);
    }
    this.#book.add(alarm);
    this.#look(alarm);
  }

  /** What the action did before, so that a restart forgets no failure. */
  async #recallRuns(functionName: string): Promise<void> {
    if (this.#book.action(functionName) !== undefined) return;
    const { clock, database } = this.#options;
    const { watch } = this.#book.addAction(functionName);
    const outcomes = await lastOutcomes(database, functionName, maxFailures);
    recallRuns(watch, outcomes, clock.monotonicMs(), clock.now());
  }

  /** A thing that was not heard of before gets its alarms once the registry has told its type. */
  #watched(thing: string): WatchedThing {
    const known = this.#book.thing(thing);
    if (known !== undefined) return known;
    const made = this.#book.addThing(thing, this.#options.clock.monotonicMs());
    this.#inBackground(this.#adopt(made));
    return made;
  }

  async #adopt(watched: WatchedThing): Promise<void> {
    const { thing } = watched.watch;
    const facts = await this.#options.factsOf(thing);
    if (facts === undefined || watched.type !== undefined) return;
    watched.type = facts.type;
    watched.watch.life = facts.life ?? undefined;
    for (const rule of this.#rules) {
      const isNew = !watched.alarms.some((alarm) => alarm.rule === rule);
      if (rule.when.kind !== 'failing' && isNew && applies(rule, watched))
        this.#addAlarm(rule, thing, watched);
    }
  }

  async #refreshLife(watched: WatchedThing): Promise<void> {
    const facts = await this.#options.factsOf(watched.watch.thing);
    if (facts === undefined) return;
    watched.watch.life = facts.life ?? undefined;
    for (const alarm of watched.life) this.#look(alarm);
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#closing === undefined) this.#options.log.warn('an alarm cannot be looked at now', { error });
    });
  }

  #onDue(alarm: Alarm): void {
    this.#look(alarm);
    this.#voice.summarise(alarm);
    this.#voice.endSnooze(alarm);
    this.#plan(alarm);
  }

  #look(alarm: Alarm): void {
    if (this.#closing !== undefined) return;
    const { rule, standing } = alarm;
    const nowMs = this.#options.clock.monotonicMs();
    const action = this.#book.action(alarm.subject)?.watch;
    const watch = alarm.thing ? { thing: alarm.thing } : { ...(action && { action }) };
    const finding = lookAt(rule.when, watch, standing.state, nowMs);
    const timing = { holdMs: holdMsOf(rule.when), clearAfterMs: rule.clearAfterMs };
    const next = step(standing, finding.truth, nowMs, timing);
    const before = standing.state;
    const elapsedMs = elapsedOf(rule.when, alarm.thing, standing.markMs ?? next.standing.markMs, nowMs);
    alarm.standing = next.standing;
    alarm.lookMs = Math.min(
      next.dueMs ?? Number.POSITIVE_INFINITY,
      finding.dueMs ?? Number.POSITIVE_INFINITY,
    );
    if (next.standing.state !== before)
      this.#voice.changed(alarm, before, { lastedMs: elapsedMs, ...valuesOf(rule.when, watch, nowMs) });
    this.#plan(alarm);
  }

  /** The earliest of: the cause, a summary, the end of a snooze. */
  #plan(alarm: Alarm): void {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const snoozeMs =
      alarm.snoozedUntilMs === null ? undefined : nowMs + Math.max(0, alarm.snoozedUntilMs - clock.now());
    const times = [alarm.lookMs, summaryDueMs(alarm.window), snoozeMs].filter((ms) => ms !== undefined);
    const dueMs = Math.min(...times, Number.POSITIVE_INFINITY);
    this.#heap.set(alarm, Number.isFinite(dueMs) ? dueMs : undefined);
  }

  /** Keeps how far pending alarms are, and looks whether a battery was changed. */
  #beat(): void {
    this.#heartbeat = this.#options.clock.after(
      heartbeatMs,
      () => {
        this.#inBackground(this.#write(this.#pending()));
        for (const watched of this.#book.things.values()) {
          if (watched.life.some(({ standing }) => standing.state === 'ALARM')) {
            this.#inBackground(this.#refreshLife(watched));
          }
        }
        this.#beat();
      },
      { background: true },
    );
  }

  #pending(): Alarm[] {
    return this.alarms().filter(({ standing }) => standing.state === 'PENDING');
  }

  async #write(alarms: readonly Alarm[]): Promise<void> {
    await this.settled();
    const nowMs = this.#options.clock.monotonicMs();
    await this.#options.database.batch(alarms.map((alarm) => alarmStatement(storedOf(alarm, nowMs))));
  }

  async #close(): Promise<void> {
    this.#heartbeat?.cancel();
    this.#heap.close();
    await this.#notices.close();
    await this.#write(this.#pending());
  }
}

function keyOf(rule: string, subject: string): string {
  return `${rule}\n${subject}`;
}
