/**
 * The agent's side of its classic shadow, on AWS IoT Core as on our own broker. Nothing is kept on
 * disk: after every connect the whole document is asked for, and what differs is said again.
 */
import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.js';
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  memberOf,
  parseJson,
  sameJson,
} from '../../core/json.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { reservedTopic } from '../../core/wire/topics.js';
import type { Transport, TransportMessage } from '../transport/transport.js';
import type { DesiredState } from './desired-state.js';

export interface ShadowClientOptions {
  readonly clock: Clock;
  readonly log: Logger;
}

type Listener = (value: JsonValue | undefined) => void;

/** An answer that does not come is asked for again: a publish may be lost with its connection. */
const answerLimitMs = 20_000;

export class ShadowClient implements DesiredState, Closeable {
  readonly #options: ShadowClientOptions;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** What is so, by the agent's parts. */
  readonly #facts = new Map<string, JsonValue>();
  /** What the shadow holds as reported, as far as known since this connection. */
  #reported: JsonObject | undefined;
  #desired: JsonObject | undefined;
  #version = 0;
  #link: { transport: Transport; thing: string } | undefined;
  #undo: (() => void)[] = [];
  #token: string | undefined;
  #timer: Timer | undefined;
  #sending: JsonObject | undefined;

  constructor(options: ShadowClientOptions) {
    this.#options = options;
  }

  onDesired(key: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    listeners.add(listener);
    if (this.#desired !== undefined) listener(memberOf(this.#desired, key));
    return () => listeners.delete(listener);
  }

  report(key: string, value: JsonValue): void {
    this.#facts.set(key, value);
    this.#flush();
  }

  /** From now on it speaks over `transport`. Call it once, before the transport connects. */
  attach(transport: Transport, thing: string): void {
    this.#link = { transport, thing };
    const on = (rest: string, handler: (body: JsonObject) => void) => {
      const take = ({ payload }: TransportMessage) => {
        const body = parseJson(payload);
        if (isJsonObject(body)) handler(body);
      };
      // The transport has logged a refusal; closing ends the wait.
      transport.subscribe(reservedTopic(thing, `shadow/${rest}`), take).catch(() => {});
    };
    on('get/accepted', (body) => this.#onDocument(body));
    on('get/rejected', (body) => this.#onGetRejected(body));
    on('update/accepted', (body) => this.#onAccepted(body));
    on('update/rejected', (body) => this.#onRejected(body));
    this.#undo = [transport.onConnect(() => this.#ask()), transport.onDisconnect(() => this.#forget())];
  }

  async close(): Promise<void> {
    for (const undo of this.#undo) undo();
    this.#forget();
    this.#link = undefined;
  }

  #forget(): void {
    this.#timer?.cancel();
    this.#token = undefined;
    this.#sending = undefined;
    this.#reported = undefined;
    this.#version = 0;
  }

  #ask(): void {
    this.#forget();
    this.#request('get', {});
  }

  #request(operation: 'get' | 'update', body: JsonObject): void {
    const { transport, thing } = this.#link ?? {};
    if (transport === undefined || thing === undefined) return;
    const { clock, log } = this.#options;
    const token = randomUUID();
    this.#token = token;
    this.#timer?.cancel();
    this.#timer = clock.after(answerLimitMs, () => this.#link?.transport.connected && this.#ask(), {
      background: true,
    });
    const payload = JSON.stringify({ ...body, clientToken: token });
    transport.publish(reservedTopic(thing, `shadow/${operation}`), payload).catch((error: unknown) => {
      log.debug('shadow request not sent', { operation, error });
    });
  }

  #isMine(body: JsonObject): boolean {
    if (this.#token === undefined || memberOf(body, 'clientToken') !== this.#token) return false;
    this.#token = undefined;
    this.#timer?.cancel();
    return true;
  }

  #onDocument(body: JsonObject): void {
    if (!this.#isMine(body)) return;
    const state = memberOf(body, 'state');
    const section = (name: string) => {
      const value = isJsonObject(state) ? memberOf(state, name) : undefined;
      return isJsonObject(value) ? value : {};
    };
    this.#version = Number(memberOf(body, 'version') ?? 0);
    this.#reported = section('reported');
    this.#setDesired(section('desired'));
    this.#flush();
  }

  #onGetRejected(body: JsonObject): void {
    if (!this.#isMine(body)) return;
    if (memberOf(body, 'code') !== 404) {
      this.#complain('get', body);
      return;
    }
    this.#reported = {};
    this.#setDesired({});
    this.#flush();
  }

  #onAccepted(body: JsonObject): void {
    const version = Number(memberOf(body, 'version') ?? 0);
    const state = memberOf(body, 'state');
    const desired = isJsonObject(state) ? memberOf(state, 'desired') : undefined;
    if (this.#isMine(body)) {
      this.#version = Math.max(this.#version, version);
      this.#reported = overlay(this.#reported ?? {}, this.#sending ?? {});
      this.#sending = undefined;
      this.#flush();
    } else if (desired !== undefined && version > this.#version) {
      // Another client changed what is desired. No delta is listened to: it names no key taken away.
      this.#ask();
    }
  }

  #onRejected(body: JsonObject): void {
    if (!this.#isMine(body)) return;
    this.#sending = undefined;
    this.#complain('update', body);
  }

  #setDesired(desired: JsonObject): void {
    const before = this.#desired;
    this.#desired = desired;
    for (const [key, listeners] of this.#listeners) {
      const value = memberOf(desired, key);
      if (before !== undefined && sameJson(memberOf(before, key), value)) continue;
      for (const listener of [...listeners]) listener(value);
    }
  }

  /** Sends what differs from the shadow, one update at a time. */
  #flush(): void {
    const reported = this.#reported;
    if (reported === undefined || this.#sending !== undefined || this.#token !== undefined) return;
    const patch = new Map<string, JsonValue>();
    for (const [key, value] of this.#facts) {
      const known = memberOf(reported, key) ?? null;
      if (!sameJson(known, value)) patch.set(key, replacement(known, value));
    }
    if (patch.size === 0) return;
    this.#sending = Object.fromEntries([...patch.keys()].map((key) => [key, this.#facts.get(key) ?? null]));
    this.#request('update', { state: { reported: Object.fromEntries(patch) } });
  }

  #complain(operation: string, body: JsonObject): void {
    const [code, message] = [memberOf(body, 'code'), memberOf(body, 'message')];
    this.#options.log.warn('shadow request refused', {
      operation,
      code: Number(code),
      message: String(message),
    });
  }
}

/** An update merges objects: members that are gone must be named as null. */
function replacement(known: JsonValue, value: JsonValue): JsonValue {
  if (!isJsonObject(known) || !isJsonObject(value)) return value;
  const gone = Object.keys(known).filter((key) => !Object.hasOwn(value, key));
  const inner = Object.entries(value).map(
    ([key, item]) => [key, replacement(memberOf(known, key) ?? null, item)] as const,
  );
  return Object.fromEntries<JsonValue>([...inner, ...gone.map((key) => [key, null] as const)]);
}

function overlay(base: JsonObject, patch: JsonObject): JsonObject {
  const entries = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) entries.delete(key);
    else entries.set(key, value);
  }
  return Object.fromEntries(entries);
}
