/** Proves this machine, and a bucket if one is given, before backups are entrusted to them. Cleans up after itself. */
import type { Clock } from '../../core/clock.js';
import type { Bucket } from '../bucket/bucket.js';
import { throwIfAborted } from './abort.js';
import { testBucket, testRepository } from './self-test-bucket.js';
import { testMachine } from './self-test-machine.js';
import type { SelfTestResult, SelfTestStep, StepHandler } from './self-test-types.js';

export interface SelfTestOptions {
  /** An empty place of the test's own; everything in it is removed at the end. */
  readonly bucket?: Bucket;
  /** An empty folder that the caller removes. */
  readonly folder: string;
  readonly clock: Clock;
  /** Goes into the snapshot that is made. */
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Failed steps are told, not thrown. @throws INTERRUPTED, and the bucket's errors when it cannot be cleaned. */
export async function selfTest(options: SelfTestOptions, onStep: StepHandler): Promise<SelfTestResult> {
  const { bucket, clock, folder, signal } = options;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const tell = (step: SelfTestStep) => {
    counts[step.state]++;
    onStep(step);
  };
  await testMachine(clock, folder, tell);
  throwIfAborted(signal);
  if (bucket !== undefined) {
    try {
      await testBucket({ ...options, bucket, tell });
      await testRepository({ ...options, bucket, tell });
    } finally {
      await removeAll(bucket);
    }
  }
  return { message_type: 'summary', ...counts };
}

/** Not under the signal: what was made goes also when somebody interrupts. */
async function removeAll(bucket: Bucket): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of bucket.list('')) keys.push(key);
  for (const key of keys) await bucket.delete(key);
}
