/**
 * What can run, by name or ARN: the functions of the configuration, and what an ARN of AWS names
 * without any configuration. A function of the configuration stands in for the one of the same name
 * in AWS, so that a callback that came along from there finds it.
 */
import type { Clock } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { AwsClients } from '../aws/aws-clients.js';
import type { Action } from './action.js';
import { functionNameOf, isLocalArn } from './arn.js';
import { lambdaFunctionConfig, snsFunctionConfig, sqsFunctionConfig } from './function-config.js';
import { awsLambdaAction } from './ready/aws-lambda-action.js';
import { snsAction } from './ready/sns-action.js';
import { sqsAction } from './ready/sqs-action.js';

export interface Actions extends Closeable {
  /** The one name under which a target runs, whichever way it was written. */
  nameOf(target: string): string;
  /** By the name that `nameOf` gave. */
  get(name: string): Action | undefined;
  /** The cloud stops: what goes on without us is let go. */
  release(): void;
}

/** Workflows, which come and go while the cloud runs. */
export interface WorkflowActions {
  /** The ARN of the workflow of that name or ARN; undefined when there is none. */
  arnOf(target: string): string | undefined;
  /** By ARN. */
  actionOf(arn: string): Action | undefined;
  release(): void;
}

export interface CatalogOptions {
  readonly functions: ReadonlyMap<string, Action>;
  readonly workflows?: WorkflowActions | undefined;
  /** Undefined: an ARN of AWS that no function stands in for is unknown. */
  readonly aws: AwsClients | undefined;
  readonly clock: Clock;
}

/** ARNs come from configuration and API; beyond any sensible number, something makes them up. */
const maxByArn = 1_000;

export class ActionCatalog implements Actions {
  readonly #options: CatalogOptions;
  readonly #byArn = new Map<string, Action>();

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  nameOf(target: string): string {
    const functionName = functionNameOf(target);
    const { functions, workflows } = this.#options;
    if (functionName === undefined)
      return functions.has(target) ? target : (workflows?.arnOf(target) ?? target);
    return isLocalArn(target) || functions.has(functionName) ? functionName : target;
  }

  get(name: string): Action | undefined {
    const { functions, workflows } = this.#options;
    const action = functions.get(name) ?? this.#byArn.get(name);
    if (action !== undefined) return action;
    return workflows?.actionOf(name) ?? this.#inAws(name);
  }

  release(): void {
    this.#options.workflows?.release();
  }

  async close(): Promise<void> {
    const all = [...this.#options.functions.values(), ...this.#byArn.values()];
    await Promise.allSettled(all.map((action) => action.close()));
  }

  #inAws(arn: string): Action | undefined {
    const { aws, clock } = this.#options;
    if (aws === undefined || isLocalArn(arn) || this.#byArn.size >= maxByArn) return undefined;
    const action = awsActionOf(arn, aws, clock);
    if (action !== undefined) this.#byArn.set(arn, action);
    return action;
  }
}

function awsActionOf(arn: string, aws: AwsClients, clock: Clock): Action | undefined {
  const lambda = lambdaFunctionConfig.safeParse({ kind: 'lambda', functionArn: arn });
  if (lambda.success) return awsLambdaAction(lambda.data, aws, clock);
  const sns = snsFunctionConfig.safeParse({ kind: 'sns', topicArn: arn });
  if (sns.success) return snsAction(sns.data, aws, clock);
  const sqs = sqsFunctionConfig.safeParse({ kind: 'sqs', queue: arn });
  return sqs.success && arn.startsWith('arn:') ? sqsAction(sqs.data, aws, clock) : undefined;
}
