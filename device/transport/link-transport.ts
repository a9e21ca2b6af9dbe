/**
 * The transport over any `Link`: knows whether the connection stands, ends publishes that waited
 * too long or lost their connection, restores subscriptions. Holds no message after its promise
 * has settled.
 */
import { GatehouseError, interrupted, messageOf } from '../../core/errors.js';
import { linkDown, publishTimeout, transportClosed } from './errors.js';
import type { Link, LinkEvents } from './link.js';
import {
  type MqttLibrary,
  publishTimeoutDefaultMs,
  type Transport,
  type TransportMessage,
  type TransportOptions,
} from './transport.js';

interface Subscription {
  readonly handler: (message: TransportMessage) => void;
  readonly granted: () => void;
  readonly failed: (error: Error) => void;
}

export class LinkTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #stop = new AbortController();
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #waiting = new Set<(error: Error) => void>();
  readonly #connectListeners = new Set<() => void>();
  readonly #disconnectListeners = new Set<(reason: string) => void>();
  #link: Link | undefined;
  #connected = false;
  #closing: Promise<void> | undefined;

  private constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** Prepares the client without connecting. @throws what `createLink` throws. */
  static async open(
    options: TransportOptions,
    createLink: (options: TransportOptions, events: LinkEvents) => Promise<Link>,
  ): Promise<LinkTransport> {
    const transport = new LinkTransport(options);
    transport.#link = await createLink(options, {
      up: () => transport.#onUp(),
      down: (reason) => transport.#onDown(reason),
      message: (topic, payload) => transport.#onMessage(topic, payload),
    });
    return transport;
  }

  get library(): MqttLibrary {
    return this.#open().library;
  }

  get protocol(): '3.1.1' | '5' {
    return this.#open().protocol;
  }

  get connected(): boolean {
    return this.#connected;
  }

  async connect(signal?: AbortSignal): Promise<void> {
    if (this.#closing !== undefined) throw transportClosed();
    const either = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    if (either.aborted) throw interrupted(either.reason);
    // The SDK may sit in a handshake for long; the caller need not.
    const aborted = new Promise<never>((_, reject) => {
      either.addEventListener('abort', () => reject(interrupted(either.reason)), { once: true });
    });
    await Promise.race([this.#open().connect(either), aborted]);
  }

  publish(topic: string, payload: string, options: { readonly retain?: boolean } = {}): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(transportClosed());
    if (!this.#connected) return Promise.reject(linkDown('not connected'));
    const limitMs = this.#options.publishTimeoutMs ?? publishTimeoutDefaultMs;
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        timer.cancel();
        this.#waiting.delete(settle);
        if (error === undefined) resolve();
        else reject(error);
      };
      const timer = this.#options.clock.after(limitMs, () => settle(publishTimeout(topic, limitMs)));
      this.#waiting.add(settle);
      this.#open()
        .publish(topic, payload, options.retain ?? false)
        .then(
          () => settle(),
          (error: unknown) => settle(asGatehouseError(error)),
        );
    });
  }

  subscribe(topic: string, handler: (message: TransportMessage) => void): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(transportClosed());
    return new Promise((granted, failed) => {
      this.#subscriptions.set(topic, { handler, granted, failed });
      if (this.#connected) this.#restore(topic);
    });
  }

  onConnect(listener: () => void): () => void {
    this.#connectListeners.add(listener);
    return () => this.#connectListeners.delete(listener);
  }

  onDisconnect(listener: (reason: string) => void): () => void {
    this.#disconnectListeners.add(listener);
    return () => this.#disconnectListeners.delete(listener);
  }

  /** Ends within a few seconds whatever the network does; every waiting promise is rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    this.#stop.abort(transportClosed());
    this.#connected = false;
    this.#rejectWaiting(transportClosed());
    for (const { failed } of this.#subscriptions.values()) failed(transportClosed());
    this.#connectListeners.clear();
    this.#disconnectListeners.clear();
    await this.#open().close();
  }

  #open(): Link {
    if (this.#link === undefined) throw transportClosed();
    return this.#link;
  }

  #onUp(): void {
    if (this.#closing !== undefined || this.#connected) return;
    this.#connected = true;
    for (const topic of this.#subscriptions.keys()) this.#restore(topic);
    for (const listener of this.#connectListeners) listener();
  }

  #onDown(reason: string): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#rejectWaiting(linkDown(reason));
    for (const listener of this.#disconnectListeners) listener(reason);
  }

  #onMessage(topic: string, payload: Uint8Array): void {
    if (this.#closing !== undefined) return;
    const exact = this.#subscriptions.get(topic);
    if (exact !== undefined) exact.handler({ topic, payload });
    else this.#matching(topic)?.handler({ topic, payload });
  }

  #matching(topic: string): Subscription | undefined {
    for (const [filter, subscription] of this.#subscriptions) {
      if (filter.includes('+') && matches(filter, topic)) return subscription;
    }
    return undefined;
  }

  #restore(topic: string): void {
    const subscription = this.#subscriptions.get(topic);
    this.#open()
      .subscribe(topic)
      .then(
        () => subscription?.granted(),
        (error: unknown) => {
          // The connection went meanwhile: the next one subscribes again.
          if (!this.#connected) return;
          const refused = asGatehouseError(error);
          this.#options.log.warn('cannot subscribe', { topic, error: refused });
          subscription?.failed(refused);
        },
      );
  }

  #rejectWaiting(error: Error): void {
    for (const settle of [...this.#waiting]) settle(error);
  }
}

/** Refusals come as errors of ours; whatever else a library rejects with is the connection's fault. */
function asGatehouseError(error: unknown): GatehouseError {
  return error instanceof GatehouseError ? error : linkDown(messageOf(error));
}

/** `+` stands for one level [MQTT-4.7.1-3]. */
function matches(filter: string, topic: string): boolean {
  const [levels, names] = [filter.split('/'), topic.split('/')];
  return levels.length === names.length && levels.every((level, at) => level === '+' || level === names[at]);
}
