/**
 * The transport port: one MQTT connection that, once opened, comes back by itself. It stores
 * nothing: what was not acknowledged when the link goes is the caller's to send again.
 */
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';

export interface TransportMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** What speaks MQTT: the AWS IoT Device SDK's native client, or the package `mqtt`. */
export type MqttLibrary = 'aws-crt' | 'mqtt';

export interface Transport extends Closeable {
  readonly library: MqttLibrary;
  readonly protocol: '3.1.1' | '5';
  readonly connected: boolean;
  /**
   * Tries until the first connection stands; from then on it reconnects by itself, after 1 to 30 s.
   * @throws INTERRUPTED when `signal` aborts or the transport closes first.
   */
  connect(signal?: AbortSignal): Promise<void>;
  /**
   * Sends with QoS 1; resolves when the broker has acknowledged it. Order is kept while nothing fails.
   * @throws LINK_DOWN when there is no connection or it went before the acknowledgement (the broker
   * may or may not have it), PUBLISH_TIMEOUT, PUBLISH_REFUSED, TRANSPORT_CLOSED.
   */
  publish(topic: string, payload: string, options?: { readonly retain?: boolean }): Promise<void>;
  /**
   * Subscribes with QoS 1, now or as soon as there is a connection, and again after every reconnect.
   * One handler per topic, in which `+` may stand for a level. Resolves when the broker first granted it.
   * @throws SUBSCRIBE_REFUSED, TRANSPORT_CLOSED.
   */
  subscribe(topic: string, handler: (message: TransportMessage) => void): Promise<void>;
  /** Called after the first connection and every reconnect. Returns the undo. */
  onConnect(listener: () => void): () => void;
  /** Called when a connection that stood is gone. Returns the undo. */
  onDisconnect(listener: (reason: string) => void): () => void;
}

export interface TransportOptions {
  readonly host: string;
  readonly port: number;
  readonly clientId: string;
  /** PEM files. The CA file alone is trusted; the host name is checked. */
  readonly certificatePath: string;
  readonly privateKeyPath: string;
  readonly caPath: string;
  readonly keepAliveSeconds: number;
  /** Published by the broker when this client goes without saying so. */
  readonly will?: { readonly topic: string; readonly payload: string; readonly retain: boolean };
  /** How long an acknowledgement may take; 15,000 unless told. */
  readonly publishTimeoutMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export const reconnectMinSeconds = 1;
export const reconnectMaxSeconds = 30;
export const publishTimeoutDefaultMs = 15_000;
/** A TCP and TLS handshake that takes longer is given up. */
export const connectTimeoutMs = 10_000;
/** How long the broker may take to answer a PING before the link counts as dead. */
export const pingTimeoutMs = 5_000;
/**
 * How long `close` waits for the client library. After a failed TLS handshake the SDK holds on to
 * the connection for up to 30 s (s2n hides how long a refusal took), which nobody should wait for.
 */
export const closeLimitMs = 3_000;

/** The library's own limit for an acknowledgement: later than ours, so that it only frees memory. */
export function libraryTimeoutMs(options: TransportOptions): number {
  return (options.publishTimeoutMs ?? publishTimeoutDefaultMs) + 1_000;
}
