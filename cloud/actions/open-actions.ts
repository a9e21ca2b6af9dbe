/** Opens every configured function. */
import type { Clock } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { AwsClients } from '../aws/aws-clients.js';
import type { Action } from './action.js';
import { EmailAction } from './email-action.js';
import type { FunctionsConfig, SmtpConfig } from './function-config.js';
import { NodeAction } from './node-action.js';
import { awsLambdaAction } from './ready/aws-lambda-action.js';
import { mqttAction, type PublishMessage } from './ready/mqtt-action.js';
import { outputAction, type SwitchOutput } from './ready/output-action.js';
import { smsAction } from './ready/sms-action.js';
import { snsAction } from './ready/sns-action.js';
import { sqsAction } from './ready/sqs-action.js';
import { webhookAction } from './ready/webhook-action.js';
import { RuntimeAction } from './runtime-action.js';

export interface ActionsOptions {
  readonly functions: FunctionsConfig;
  readonly smtp: SmtpConfig | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly aws: AwsClients;
  readonly publish: PublishMessage;
  readonly switchOutput: SwitchOutput;
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

async function openAction(
  name: string,
  config: FunctionsConfig[string],
  { smtp, environment, aws, publish, switchOutput, clock, log }: ActionsOptions,
): Promise<Action> {
  switch (config.kind) {
    case 'node':
      return NodeAction.open({ name, config, environment, clock, log });
    case 'runtime':
      return new RuntimeAction({ name, config, environment, clock });
    case 'email':
      if (smtp !== undefined) return EmailAction.open(config, smtp);
      throw new GatehouseError('CONFIG_INVALID', `The function "${name}" needs "smtp" in the configuration.`);
    case 'webhook':
      return webhookAction(config, clock);
    case 'sms':
      return smsAction(config, aws, clock);
    case 'mqtt':
      return mqttAction(config, publish, clock);
    case 'output':
      return outputAction(config, switchOutput, clock);
    case 'lambda':
      return awsLambdaAction(config, aws, clock);
    case 'sns':
      return snsAction(config, aws, clock);
    case 'sqs':
      return sqsAction(config, aws, clock);
  }
}
