/** Opens the notifier with the ways that the configuration names. */
import type { Clock } from '../../core/clock.js';
import type { Lifetimes } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { GatewayConfig } from '../config.js';
import type { RunHistory } from '../jobs/history.js';
import { parseDuration } from '../schedule/duration.js';
import { mailChannel } from './mail.js';
import { NoticeOutbox } from './notice-outbox.js';
import { Notifier } from './notifier.js';
import { webhookChannel } from './webhook.js';

interface NotifierParts {
  readonly history: RunHistory;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lifetimes: Lifetimes;
}

/** Undefined when nobody is to be told. */
export function openNotifier(config: GatewayConfig, parts: NotifierParts): Notifier | undefined {
  const { notify, jobs } = config;
  const { history, clock, log, lifetimes } = parts;
  if (notify === undefined) return undefined;
  const channels = [
    ...(notify.mail === undefined ? [] : [mailChannel(notify.mail)]),
    ...(notify.webhook === undefined ? [] : [webhookChannel(notify.webhook, clock)]),
  ];
  const outbox = NoticeOutbox.open({ database: history.database, channels, clock, log });
  lifetimes.add('notices', outbox);
  const put = (notice: Parameters<typeof outbox.put>[0]) => outbox.put(notice);
  const reminderEveryMs = parseDuration(notify.reminderEvery);
  return lifetimes.add('notifier', Notifier.open({ jobs, history, put, reminderEveryMs, clock, log }));
}
