import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { selfTest } from '../../../gateway/commands/self-test.js';
import type { SelfTestStep } from '../../../gateway/commands/self-test-types.js';
import { gatehouse } from '../../support/gatehouse-cli.js';
import { MemoryBucket } from '../../support/memory-bucket.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('a self-test', () => {
  it('passes on a good machine and folder, and leaves nothing behind', async () => {
    const place = join(await temporaryFolder(), 'place');
    mkdirSync(place);
    const { code, stdout } = await gatehouse(['self-test', '-r', place, '--json']);
    const steps = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SelfTestStep);
    expect(steps.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(steps.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'chunker',
        'upload',
        'locks exclude one another',
        'check --read-data',
        'restore',
      ]),
    );
    expect(steps.at(-1)).toMatchObject({ message_type: 'summary', failed: 0 });
    expect(readdirSync(place)).toEqual([]);
    expect(code).toBe(0);
  });

  it('tells what a bucket gets wrong, and cleans up', async () => {
    // Replaced objects keep their first content, as with a cache in between.
    const bucket = new (class extends MemoryBucket {
      override async put(key: string, content: Uint8Array): Promise<void> {
        if (!this.objects.has(key)) await super.put(key, content);
      }
    })();
    const failed: string[] = [];
    const { signal } = new AbortController();
    const options = { bucket, folder: await temporaryFolder(), clock: systemClock, version: 'test', signal };
    const result = await selfTest(options, ({ state, name }) => (state === 'failed' ? failed.push(name) : 0));
    expect(failed).toEqual(['overwrite', 'read a range']);
    expect(result.failed).toBe(2);
    expect(bucket.objects.size).toBe(0);
  });
});
