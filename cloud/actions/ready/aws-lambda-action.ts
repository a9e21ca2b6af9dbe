/** Runs a function in AWS Lambda and waits for its result, as a function of our own would be run. */
import type { InvokeCommandOutput } from '@aws-sdk/client-lambda';
import type { Clock } from '../../../core/clock.js';
import type { AwsClients } from '../../aws/aws-clients.js';
import { awsError } from '../../aws/errors.js';
import type { Action } from '../action.js';
import { regionOf } from '../arn.js';
import { handlerThrew } from '../errors.js';
import { type Deliver, type Delivered, ReadyMadeAction, type ReadyMadeLimits } from './ready-made.js';

export interface AwsLambdaSettings extends ReadyMadeLimits {
  readonly functionArn: string;
}

export function awsLambdaAction(config: AwsLambdaSettings, aws: AwsClients, clock: Clock): Action {
  const { functionArn } = config;
  const deliver: Deliver = async (_event, { event }, signal) => {
    try {
      const client = await aws.lambda(regionOf(functionArn));
      const { InvokeCommand } = await import('@aws-sdk/client-lambda');
      const command = new InvokeCommand({
        FunctionName: functionArn,
        InvocationType: 'RequestResponse',
        LogType: 'Tail',
        Payload: Buffer.from(event, 'utf8'),
      });
      return deliveredBy(await client.send(command, { abortSignal: signal }));
    } catch (error) {
      throw awsError(`Running ${functionArn}`, error);
    }
  };
  return new ReadyMadeAction(config, clock, deliver);
}

/** @throws HANDLER_THREW when the function ended with an error. */
function deliveredBy(output: InvokeCommandOutput): Delivered {
  const log = Buffer.from(output.LogResult ?? '', 'base64').toString('utf8');
  const payload = Buffer.from(output.Payload ?? []).toString('utf8');
  if (output.FunctionError === undefined) return { log, result: payload === '' ? 'null' : payload };
  const { errorType, errorMessage } = readError(payload);
  throw handlerThrew(errorType, errorMessage);
}

/** What Lambda's runtimes tell of an error; a runtime of the owner's own may tell anything. */
function readError(payload: string): { errorType: string; errorMessage: string } {
  try {
    const told = JSON.parse(payload) as { errorType?: unknown; errorMessage?: unknown };
    return {
      errorType: String(told.errorType ?? 'Error'),
      errorMessage: String(told.errorMessage ?? payload),
    };
  } catch {
    return { errorType: 'Error', errorMessage: payload.slice(0, 1_000) };
  }
}
