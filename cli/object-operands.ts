/** The stores that `cp`, `ls` and `rm` work on, opened; and the options that the three share. */
import { type Command, Option } from 'commander';
import type { Lifetimes } from '../core/lifecycle.js';
import type { Bucket } from '../gateway/bucket/bucket.js';
import type { Location } from '../gateway/bucket/location.js';
import { parseOperand } from '../gateway/bucket/operand.js';
import type { OpenOperand } from '../gateway/commands/copy-plan.js';
import type { Wire } from '../gateway/throttle/paced-socket.js';
import type { Context } from './context.js';
import { count } from './option-values.js';
import { type LimitFlags, shareThrottle } from './throttle-options.js';

export interface ObjectFlags extends LimitFlags {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly parallel?: number;
}

export function withObjectOptions(command: Command): Command {
  return command
    .addOption(new Option('--endpoint <url>', 'S3 endpoint when it is not AWS (or AWS_ENDPOINT_URL_S3)'))
    .addOption(new Option('--region <region>', 'S3 region (or AWS_REGION)'))
    .addOption(new Option('--profile <name>', 'section of ~/.aws with the keys (or AWS_PROFILE)'))
    .addOption(new Option('--parallel <n>', 'so many objects at once').argParser(count));
}

/** Each store is opened once; `lifetimes` closes them. @throws LOCATION_MALFORMED, USAGE. */
export async function openOperands(
  context: Context,
  lifetimes: Lifetimes,
  texts: readonly string[],
  flags: ObjectFlags,
): Promise<OpenOperand[]> {
  const { openBucket } = await import('../gateway/bucket/open.js');
  const { wire } = await shareThrottle(context, flags, lifetimes);
  const opened = new Map<string, Bucket>();
  const operands: OpenOperand[] = [];
  for (const text of texts) {
    const operand = parseOperand(text);
    const name = JSON.stringify(operand.store);
    let bucket = opened.get(name);
    if (bucket === undefined) {
      bucket = lifetimes.add(
        'bucket',
        await openBucket(operand.store, optionsFor(operand.store, context, flags, wire)),
      );
      opened.set(name, bucket);
    }
    operands.push({ ...operand, text, bucket });
  }
  return operands;
}

function optionsFor(store: Location, { env, clock, log }: Context, flags: ObjectFlags, wire: Wire) {
  if (store.kind === 'directory') return { clock, log, tidy: true };
  // The environment speaks of the S3 server; gs:// and b2:// name another one.
  const isS3 = store.scheme === undefined;
  const fromEnv = isS3 ? (env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']) : undefined;
  const region = isS3 ? (env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']) : undefined;
  return {
    clock,
    log,
    endpoint: store.endpoint ?? flags.endpoint ?? fromEnv,
    region: flags.region ?? region,
    profile: flags.profile,
    wire,
  };
}
