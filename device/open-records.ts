/** Opens what keeps clicks and readings: the outbox, with times as true as they can be told. */
import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Logger } from '../core/log.js';
import { readBoot } from './boot.js';
import { ClockSync } from './clock-sync.js';
import type { AgentConfig } from './config.js';
import { Outbox } from './outbox.js';
import { Recorder } from './recorder.js';

export interface Records {
  readonly clockSync: ClockSync;
  readonly outbox: Outbox;
  readonly recorder: Recorder;
}

/** @throws the database's errors. */
export async function openRecords(
  config: AgentConfig,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  lifetimes: Lifetimes,
): Promise<Records> {
  const boot = await readBoot();
  const clockSync = lifetimes.add('clock sync', await ClockSync.open({ clock, boot }));
  const filePath = join(config.dataDir, 'outbox.db');
  const outbox = lifetimes.add('outbox', await Outbox.open({ filePath, ...config.outbox, clock, log }));
  learnTrueTime(clockSync, outbox, log);
  return { clockSync, outbox, recorder: new Recorder({ outbox, clockSync, clock, log }) };
}

/** Messages of this boot get their true times as soon as there is one. Also those of an earlier run. */
function learnTrueTime(clockSync: ClockSync, outbox: Outbox, log: Logger): void {
  const learn = () => {
    const { synced, origin } = clockSync;
    if (synced !== true || origin === undefined) return;
    outbox.clockSynced(origin).catch((error: unknown) => {
      log.warn('true times are kept in memory only', { error });
    });
  };
  clockSync.onChange(learn);
  learn();
}
