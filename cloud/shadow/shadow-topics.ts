/**
 * The Device Shadow's topics, as AWS IoT Core has them: `$aws/things/T/shadow[/name/N]/OPERATION`.
 * Answers go out after the change is durable, in the order of the requests. What cannot be done is
 * answered on `rejected`; nothing a device sends makes a request come back for ever.
 */
import type { Clock } from '../../core/clock.js';
import { type JsonObject, memberOf } from '../../core/json.js';
import type { Logger } from '../../core/log.js';
import { reservedTopic } from '../../core/wire/topics.js';
import { restrict, sections } from './document.js';
import {
  isRejection,
  type Rejection,
  readBody,
  readToken,
  readUpdate,
  reject,
  type ShadowUpdate,
} from './request.js';
import { type Shadow, type ShadowChange, type ShadowStore, shadowDelta } from './shadow-store.js';

export interface ShadowTopicsOptions {
  readonly store: ShadowStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** To the thing's own subscriptions; gone when it is away. */
  readonly publish: (thing: string, topic: string, payload: string) => void;
}

type Operation = 'get' | 'update' | 'delete';

interface Request {
  readonly thing: string;
  /** '' is the classic shadow. */
  readonly name: string;
  readonly operation: Operation;
}

interface Answer {
  readonly suffix: string;
  readonly body: JsonObject;
}

/** AWS IoT Core's limit per thing. */
const maxInFlight = 10;
const shadowRequestPattern = /^shadow(?:\/name\/([A-Za-z0-9:_-]{1,64}))?\/(get|update|delete)$/;

export class ShadowTopics {
  readonly #options: ShadowTopicsOptions;
  readonly #inFlight = new Map<string, number>();

  constructor(options: ShadowTopicsOptions) {
    this.#options = options;
  }

  /** `rest` is what follows `$aws/things/T/`. Resolves when the request is done and answered. */
  async handle(thing: string, rest: string, payload: Uint8Array): Promise<void> {
    const [, name = '', operation] = shadowRequestPattern.exec(rest) ?? [];
    if (operation === undefined) return;
    const request = { thing, name, operation: operation as Operation };
    const waiting = (this.#inFlight.get(thing) ?? 0) + 1;
    this.#inFlight.set(thing, waiting);
    try {
      await this.#serve(request, payload, waiting > maxInFlight);
    } finally {
      const left = (this.#inFlight.get(thing) ?? 1) - 1;
      if (left === 0) this.#inFlight.delete(thing);
      else this.#inFlight.set(thing, left);
    }
  }

  /**
   * A change from the backend's side, told to the device as if another client had made it.
   * `body` is as a device sends it.
   */
  async update(thing: string, name: string, body: JsonObject): Promise<Shadow | Rejection> {
    const { store } = this.#options;
    const update = readUpdate(body, store.limits);
    if (isRejection(update)) return update;
    const change = await store.update(thing, name, update);
    if (isRejection(change)) return change;
    this.#tell({ thing, name, operation: 'update' }, this.#updateAnswers(update, change), undefined);
    return change.current;
  }

  /** Takes it away from the backend's side; undefined when there is none. */
  async delete(thing: string, name: string): Promise<Shadow | undefined> {
    const shadow = await this.#options.store.delete(thing, name);
    if (shadow !== undefined) {
      const answer = { suffix: 'delete/accepted', body: { version: shadow.version } };
      this.#tell({ thing, name, operation: 'delete' }, [answer], undefined);
    }
    return shadow;
  }

  async #serve(request: Request, payload: Uint8Array, tooMany: boolean): Promise<void> {
    const body = readBody(payload, request.operation !== 'update');
    const token = isRejection(body) ? undefined : readToken(body);
    const fault = [body, token].find((value) => typeof value === 'object' && isRejection(value));
    const known = typeof token === 'string' ? token : undefined;
    const answers =
      fault !== undefined
        ? [rejected(fault as Rejection)]
        : tooMany
          ? [rejected(reject(429, 'Too many requests in flight'))]
          : await this.#answers(request, body as JsonObject);
    this.#tell(request, answers, known);
  }

  #answers(request: Request, body: JsonObject): Promise<Answer[]> {
    if (request.operation === 'get') return this.#get(request);
    return request.operation === 'delete' ? this.#delete(request) : this.#update(request, body);
  }

  async #get({ thing, name }: Request): Promise<Answer[]> {
    const shadow = await this.#options.store.get(thing, name);
    if (shadow === undefined) return [rejected(noShadow(thing, name))];
    return [{ suffix: 'get/accepted', body: { ...documentOf(shadow), version: shadow.version } }];
  }

  async #delete({ thing, name }: Request): Promise<Answer[]> {
    const shadow = await this.#options.store.delete(thing, name);
    if (shadow === undefined) return [rejected(noShadow(thing, name))];
    return [{ suffix: 'delete/accepted', body: { version: shadow.version } }];
  }

  async #update({ thing, name }: Request, body: JsonObject): Promise<Answer[]> {
    const { store } = this.#options;
    const update = readUpdate(body, store.limits);
    if (isRejection(update)) return [rejected(update)];
    const change = await store.update(thing, name, update);
    return isRejection(change) ? [rejected(change)] : this.#updateAnswers(update, change);
  }

  #updateAnswers({ state: patch }: ShadowUpdate, { previous, current }: ShadowChange): Answer[] {
    const metadata: Record<string, JsonObject> = {};
    for (const section of sections) {
      const part = patch[section];
      if (part) metadata[section] = restrict(current.metadata[section] ?? {}, part);
    }
    const { version } = current;
    const answers: Answer[] = [
      { suffix: 'update/accepted', body: { state: patch as JsonObject, metadata, version } },
    ];
    const delta = shadowDelta(current);
    if (Object.keys(delta.state).length > 0) {
      answers.push({
        suffix: 'update/delta',
        body: { version, state: delta.state, metadata: delta.metadata },
      });
    }
    const side = (shadow: Shadow): JsonObject => ({
      state: shadow.state as JsonObject,
      metadata: shadow.metadata as JsonObject,
      version: shadow.version,
    });
    const documents = { ...(previous !== undefined && { previous: side(previous) }), current: side(current) };
    return [...answers, { suffix: 'update/documents', body: documents }];
  }

  #tell({ thing, name, operation }: Request, answers: readonly Answer[], token: string | undefined): void {
    const { clock, log, publish } = this.#options;
    const timestamp = Math.floor(clock.now() / 1_000);
    const prefix = reservedTopic(thing, name === '' ? 'shadow' : `shadow/name/${name}`);
    for (const { suffix, body } of answers) {
      const isRejected = suffix === 'rejected';
      if (isRejected) log.debug('shadow request rejected', { thing, name, code: memberOf(body, 'code') });
      const topic = `${prefix}/${isRejected ? `${operation}/rejected` : suffix}`;
      const clientToken = token === undefined ? {} : { clientToken: token };
      publish(thing, topic, JSON.stringify({ ...body, timestamp, ...clientToken }));
    }
  }
}

/** State with the delta in it, as `get` answers. */
export function documentOf(shadow: Shadow): { state: JsonObject; metadata: JsonObject } {
  const delta = shadowDelta(shadow);
  const withDelta = Object.keys(delta.state).length > 0 ? { delta: delta.state } : {};
  return {
    state: { ...(shadow.state as JsonObject), ...withDelta },
    metadata: shadow.metadata as JsonObject,
  };
}

function rejected({ code, message }: Rejection): Answer {
  return { suffix: 'rejected', body: { code, message } };
}

function noShadow(thing: string, name: string): Rejection {
  return reject(404, `No shadow exists with name: '${name === '' ? thing : `${thing}~${name}`}'`);
}
