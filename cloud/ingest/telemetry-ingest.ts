/** Takes readings from things: validated, stored in groups, told to whoever watches. */
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { type Reading, type TelemetryMessage, telemetryMessage } from '../../core/wire/messages.js';
import { GroupCommit } from '../db/group-commit.js';
import type { Refusals } from '../refusals.js';
import type { TelemetryStore } from '../telemetry/telemetry-store.js';
import { parsePayload } from './payload.js';
import { plainTelemetry } from './plain-telemetry.js';

export interface TelemetryIngestOptions {
  readonly store: TelemetryStore;
  readonly refusals: Refusals;
  readonly log: Logger;
  /** Told of the newest reading of each series, when it is newer than all before. */
  readonly onReading: (thing: string, reading: Reading) => void;
}

export interface ArrivedTelemetry {
  readonly thing: string;
  readonly message: TelemetryMessage;
}

/** A click must not wait behind more than some thousands. */
const readingsPerCommit = 2_000;

export class TelemetryIngest implements Closeable {
  readonly #options: TelemetryIngestOptions;
  readonly #commits: GroupCommit<ArrivedTelemetry, Reading[]>;

  constructor(options: TelemetryIngestOptions) {
    this.#options = options;
    this.#commits = new GroupCommit(
      (messages: readonly ArrivedTelemetry[]) => options.store.insert(messages),
      readingsPerCommit,
      ({ message }) => message.readings.length,
    );
  }

  /** Resolves when stored, or when it can never be. @throws DATABASE_* when it is to be sent again. */
  async accept(thing: string, payload: Uint8Array): Promise<void> {
    const message = parsePayload(telemetryMessage, payload, plainTelemetry);
    if (!message.ok) {
      const { refusals, log } = this.#options;
      const { reason, faults } = message;
      if (refusals.count('telemetry', reason)) log.warn('telemetry dropped: not valid', { thing, faults });
      return;
    }
    const newest = await this.#commits.add({ thing, message: message.value });
    for (const reading of newest) this.#options.onReading(thing, reading);
  }

  close(): Promise<void> {
    return this.#commits.close();
  }
}
