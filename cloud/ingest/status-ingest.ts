/** Takes the status that a thing publishes (or its broker on its behalf, when it is gone). */
import type { Logger } from '../../core/log.js';
import { statusMessage } from '../../core/wire/messages.js';
import type { Refusals } from '../refusals.js';
import type { ThingStates } from '../things/thing-states.js';
import { parsePayload } from './payload.js';

export interface StatusIngestOptions {
  readonly states: ThingStates;
  readonly refusals: Refusals;
  readonly log: Logger;
  /**
   * A last will may arrive when the thing has already connected again; only the broker knows.
   */
  readonly isConnected: (thing: string) => boolean;
  /** `isThere`: the message is from the thing itself, not its last will. */
  readonly onThing: (thing: string, isThere: boolean) => void;
}

export class StatusIngest {
  readonly #options: StatusIngestOptions;

  constructor(options: StatusIngestOptions) {
    this.#options = options;
  }

  /** Resolves when stored, or when it can never be. @throws DATABASE_* when it is to be sent again. */
  async accept(thing: string, payload: Uint8Array): Promise<void> {
    const message = parsePayload(statusMessage, payload);
    if (!message.ok) {
      const { refusals, log } = this.#options;
      const { reason, faults } = message;
      if (refusals.count('status', reason)) log.warn('status dropped: not valid', { thing, faults });
      return;
    }
    const online = message.value.online || this.#options.isConnected(thing);
    await this.#options.states.update(thing, message.value, online);
    this.#options.onThing(thing, message.value.online);
  }
}
