/** The environment of a handler's process, as AWS Lambda sets it; little of the cloud's own reaches it. */
import { localRegion } from './arn.js';

export interface LambdaEnvironment {
  readonly functionName: string;
  readonly memoryMb: number;
  readonly logStreamName: string;
  readonly taskRoot: string;
  readonly handler: string;
  /** The cloud's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Of the function's configuration; wins over all else. */
  readonly env: Readonly<Record<string, string>>;
}

const inherited = ['PATH', 'HOME', 'TZ', 'LANG', 'NODE_ENV', 'NODE_PATH', 'NODE_EXTRA_CA_CERTS'];

export function lambdaEnvironment(facts: LambdaEnvironment): Record<string, string> {
  const passed = inherited.map((key) => [key, facts.environment[key]] as const);
  return {
    ...Object.fromEntries(passed.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    AWS_LAMBDA_FUNCTION_NAME: facts.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(facts.memoryMb),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${facts.functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: facts.logStreamName,
    AWS_REGION: localRegion,
    AWS_DEFAULT_REGION: localRegion,
    LAMBDA_TASK_ROOT: facts.taskRoot,
    _HANDLER: facts.handler,
    ...facts.env,
  };
}

/** `2026/01/02/[$LATEST]3`. */
export function logStreamName(nowMs: number, n: number): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/[$LATEST]${n}`;
}
