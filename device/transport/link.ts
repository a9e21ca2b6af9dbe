/**
 * What `link-transport.ts` needs of an MQTT client library: one connection object. It may keep its
 * promises for ever; time limits and lost connections are the transport's business.
 */
import type { MqttLibrary } from './transport.js';

export interface LinkEvents {
  up(): void;
  down(reason: string): void;
  message(topic: string, payload: Uint8Array): void;
}

export interface Link {
  readonly library: MqttLibrary;
  readonly protocol: '3.1.1' | '5';
  /** Connects, trying again until `signal` aborts; afterwards the library reconnects by itself. */
  connect(signal: AbortSignal): Promise<void>;
  /** QoS 1, resolves on PUBACK. */
  publish(topic: string, payload: string, retain: boolean): Promise<void>;
  /** QoS 1, resolves on a SUBACK that grants it. */
  subscribe(topic: string): Promise<void>;
  /** Ends the connection and lets go of the library's threads, within a limit. */
  close(): Promise<void>;
}
