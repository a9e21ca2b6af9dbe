/**
 * Presence events as AWS IoT Core publishes them: `$aws/events/presence/connected|disconnected/CLIENT`.
 * The version rises with every connection of a thing, is the same for its coming and its going, and
 * survives a restart, so that a listener can put events in order.
 */
import type { Clock } from '../core/clock.js';
import type { Database } from '../core/db/database.js';
import type { Closeable } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import type { Broker } from './broker/broker.js';
import type { PresenceEvent } from './broker/presence-event.js';

export const presenceSchema = `
CREATE TABLE presence (
  thing   TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT;
`;

export interface PresenceOptions {
  readonly broker: Broker;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Presence implements Closeable {
  readonly #options: PresenceOptions;
  /** Version by session, while it lasts. */
  readonly #versions = new Map<string, number>();
  #undo: () => void = () => {};
  #telling: Promise<void> = Promise.resolve();

  private constructor(options: PresenceOptions) {
    this.#options = options;
  }

  static start(options: PresenceOptions): Presence {
    const presence = new Presence(options);
    presence.#undo = options.broker.onPresence((event) => {
      const timestamp = options.clock.now();
      presence.#telling = presence.#telling.then(() => presence.#tell(event, timestamp));
    });
    return presence;
  }

  /** Waits for what is being told. */
  async close(): Promise<void> {
    this.#undo();
    await this.#telling;
  }

  /** Never rejects: AWS promises no delivery either. */
  async #tell(event: PresenceEvent, timestamp: number): Promise<void> {
    const { broker, log } = this.#options;
    const { thing, sessionId, certificateId, address, endReason } = event;
    try {
      const eventType = endReason === undefined ? 'connected' : 'disconnected';
      const body = {
        clientId: thing,
        timestamp,
        eventType,
        sessionIdentifier: sessionId,
        principalIdentifier: certificateId,
        ...(endReason === undefined
          ? { ipAddress: address }
          : {
              clientInitiatedDisconnect: endReason === 'CLIENT_INITIATED_DISCONNECT',
              disconnectReason: endReason,
            }),
        versionNumber: await this.#version(event),
      };
      await broker.announce(`$aws/events/presence/${eventType}/${thing}`, JSON.stringify(body), {
        retain: false,
      });
    } catch (error) {
      log.debug('presence not told', { thing, error });
    }
  }

  async #version({ thing, sessionId, endReason }: PresenceEvent): Promise<number> {
    const known = this.#versions.get(sessionId);
    if (known !== undefined) {
      if (endReason !== undefined) this.#versions.delete(sessionId);
      return known;
    }
    const row = await this.#options.database.get<{ version: number }>(
      `INSERT INTO presence (thing, version) VALUES (?, 0)
       ON CONFLICT (thing) DO UPDATE SET version = version + 1 RETURNING version`,
      [thing],
    );
    const version = row?.version ?? 0;
    if (endReason === undefined) this.#versions.set(sessionId, version);
    return version;
  }
}
