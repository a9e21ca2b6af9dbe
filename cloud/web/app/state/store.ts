/**
 * The page's state in one place: what was loaded, how the connection stands, the presses made here.
 * Views read slices and are told of changes; only this file changes anything.
 */
import type { Clock, Timer } from '../../../../core/clock.js';
import { hasCode } from '../../../../core/errors.js';
import type { AlarmView } from '../../../../core/wire/alarms.js';
import type { StreamEvent, ThingView } from '../../../../core/wire/api.js';
import type { ClickType } from '../../../../core/wire/messages.js';
import type { Api } from '../api/client.js';
import { thingsPage } from '../api/device-calls.js';
import type { OpenStream } from '../api/stream.js';
import { sentenceOf } from '../errors.js';
import { clickSentence, runSentence } from '../format/words.js';
import { runsOfClick } from './activity.js';
import { Connection } from './connection.js';
import { LiveReadings, seriesKey } from './live-readings.js';
import {
  type ConnectionState,
  type Data,
  loadLimit,
  noData,
  withEvent,
  withLoaded,
  withThings,
} from './model.js';
import {
  accepted,
  isBusy,
  type Press,
  pressKey,
  refused,
  startPress,
  withClick,
  withRun,
  withTime,
} from './press.js';

export interface State {
  readonly connection: ConnectionState;
  readonly data: Data;
  /** The newest press per `pressKey`. */
  readonly presses: Readonly<Record<string, Press>>;
  /** The newest happening in a sentence, for screen readers. */
  readonly announcement: string;
}

export interface StoreOptions {
  readonly api: Api;
  readonly openStream: OpenStream;
  readonly clock: Clock;
}

const pressCheckMs = 1_000;
const maxThings = 2_000;

export class Store {
  readonly api: Api;
  readonly clock: Clock;
  readonly readings = new LiveReadings();
  readonly #openStream: OpenStream;
  readonly #listeners = new Set<() => void>();
  #connection: Connection | undefined;
  #pressTimer: Timer | undefined;
  #state: State = { connection: { kind: 'loading' }, data: noData, presses: {}, announcement: '' };

  constructor(options: StoreOptions) {
    this.api = options.api;
    this.clock = options.clock;
    this.#openStream = options.openStream;
  }

  /** Starts to load and listen; the state tells how that goes. */
  static open(options: StoreOptions): Store {
    const store = new Store(options);
    store.#connection = new Connection({
      clock: options.clock,
      openStream: store.#openStream,
      check: () => store.api.overview(),
      load: () => store.#load(),
      onEvent: (event) => store.#onEvent(event),
      onState: (connection) => store.#set({ connection }),
    });
    store.retryNow();
    return store;
  }

  close(): void {
    this.#connection?.close();
    this.#pressTimer?.cancel();
    this.#listeners.clear();
  }

  get state(): State {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  retryNow(): void {
    void this.#connection?.connect();
  }

  /**
   * Signs in and loads. Resolves to false when the backend does not take the token.
   * @throws UNREACHABLE when it does not answer.
   */
  async signIn(token: string): Promise<boolean> {
    await this.api.signIn(token);
    try {
      await this.api.overview();
    } catch (error) {
      if (hasCode(error, 'SIGNED_OUT')) return false;
      throw error;
    }
    this.#set({ connection: { kind: 'loading' } });
    this.retryNow();
    return true;
  }

  /** Presses a simulated button. Never rejects: what became of it is in `state.presses`. */
  async press(thing: string, button: string, pattern: ClickType): Promise<void> {
    const key = pressKey(thing, button);
    if (isBusy(this.#state.presses[key])) return;
    this.#setPress(key, startPress(thing, button, pattern, this.clock.monotonicMs()));
    this.#watchPresses();
    try {
      await this.api.press(thing, button, pattern);
      this.#changePress(key, accepted);
    } catch (error) {
      const sentence = sentenceOf(error);
      this.#changePress(key, (press) => refused(press, sentence));
      this.failed(error);
    }
  }

  /** @throws what the backend answers, with a sentence for the reader. */
  async createAlarmRule(rule: object): Promise<void> {
    await this.api.createAlarmRule(rule);
    await this.#loadAlarms();
  }

  /** @throws as `createAlarmRule` */
  async deleteAlarmRule(name: string): Promise<void> {
    await this.api.deleteAlarmRule(name);
    await this.#loadAlarms();
  }

  /** The change comes back on the stream. Never rejects. */
  async acknowledge(alarm: AlarmView): Promise<void> {
    await this.api.acknowledge(alarm).catch((error: unknown) => this.failed(error));
  }

  /** As `acknowledge`. */
  async snooze(alarm: AlarmView, forMs: number): Promise<void> {
    await this.api.snooze(alarm, forMs).catch((error: unknown) => this.failed(error));
  }

  /** Reads more devices than the overview has, at most 2,000. Never rejects. */
  async loadThings(): Promise<void> {
    const read: ThingView[] = [];
    try {
      let page: ThingView[];
      do {
        page = await this.api.things(read.at(-1)?.name ?? '');
        read.push(...page);
      } while (page.length === thingsPage && read.length < maxThings);
      this.#set({ data: withThings(this.#state.data, read) });
    } catch (error) {
      this.failed(error);
    }
  }

  /** Tells of what failed, where nothing else on the page does. */
  failed(error: unknown): void {
    this.#set({ announcement: sentenceOf(error) });
    this.checkSession(error);
  }

  /** Without a session the page asks for the token. */
  checkSession(error: unknown): void {
    if (hasCode(error, 'SIGNED_OUT')) this.retryNow();
  }

  async #loadAlarms(): Promise<void> {
    const [alarms, alarmRules] = await Promise.all([this.api.alarms(), this.api.alarmRules()]);
    this.#set({ data: { ...this.#state.data, alarms, alarmRules } });
  }

  async #load(): Promise<void> {
    const { api } = this;
    const [overview, clicks, runs, series, alarms, alarmRules] = await Promise.all([
      api.overview(),
      api.clicks(loadLimit),
      api.runs(loadLimit),
      api.series(),
      api.alarms(),
      api.alarmRules(),
    ]);
    const loaded = { overview, clicks, runs, series, alarms, alarmRules };
    this.#set({ data: withLoaded(this.#state.data, loaded) });
  }

  #onEvent(event: StreamEvent): void {
    const before = this.#state.data;
    this.#set({ data: withEvent(before, event) });
    if (event.type === 'reading') {
      const { thing, series, time, value } = event.data;
      this.readings.append(seriesKey(thing, series), Date.parse(time), value);
    }
    if (event.type === 'click' && !before.clicks.some((click) => click.id === event.data.id)) {
      const click = event.data;
      const runs = runsOfClick(click, before.runs);
      this.#changePress(pressKey(click.thing, click.button), (press) =>
        withClick(press, click, runs, this.clock.monotonicMs()),
      );
      this.#set({ announcement: clickSentence(click) });
    }
    if (event.type === 'run') this.#onRun(event.data);
  }

  #onRun(run: Extract<StreamEvent, { type: 'run' }>['data']): void {
    const nowMs = this.clock.monotonicMs();
    for (const key of Object.keys(this.#state.presses)) {
      this.#changePress(key, (press) => withRun(press, run, nowMs));
    }
    if (run.state === 'SUCCEEDED' || run.state === 'FAILED') this.#set({ announcement: runSentence(run) });
  }

  #changePress(key: string, change: (press: Press) => Press): void {
    const press = this.#state.presses[key];
    if (press !== undefined) this.#setPress(key, change(press));
  }

  #setPress(key: string, press: Press): void {
    if (this.#state.presses[key] === press) return;
    this.#set({ presses: { ...this.#state.presses, [key]: press } });
  }

  /** Runs as long as time alone may change a press. */
  #watchPresses(): void {
    this.#pressTimer?.cancel();
    this.#pressTimer = this.clock.after(pressCheckMs, () => {
      const nowMs = this.clock.monotonicMs();
      for (const key of Object.keys(this.#state.presses)) {
        this.#changePress(key, (press) => withTime(press, nowMs));
      }
      const waiting = Object.values(this.#state.presses).some((p) => isBusy(p) || p.step === 'stored');
      if (waiting) this.#watchPresses();
    });
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of [...this.#listeners]) listener();
  }
}
