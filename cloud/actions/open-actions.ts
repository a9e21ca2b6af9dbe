/** Opens every configured function. */
import type { Clock } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { Action } from './action.js';
import { EmailAction } from './email-action.js';
import type { FunctionsConfig, SmtpConfig } from './function-config.js';
import { NodeAction } from './node-action.js';

export interface ActionsOptions {
  readonly functions: FunctionsConfig;
  readonly smtp: SmtpConfig | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** By name. When one cannot be opened, the others are closed again. */
export async function openActions(options: ActionsOptions): Promise<ReadonlyMap<string, Action>> {
  const opened = new Map<string, Action>();
  const results = await Promise.allSettled(
    Object.entries(options.functions).map(async ([name, config]) => {
      opened.set(name, await openAction(name, config, options));
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  await Promise.allSettled([...opened.values()].map((action) => action.close()));
  throw failed.reason;
}

function openAction(
  name: string,
  config: FunctionsConfig[string],
  { smtp, environment, clock, log }: ActionsOptions,
): Promise<Action> {
  if (config.kind === 'node') return NodeAction.open({ name, config, environment, clock, log });
  if (smtp !== undefined) return EmailAction.open(config, smtp);
  throw new GatehouseError('CONFIG_INVALID', `The function "${name}" needs "smtp" in the configuration.`);
}
