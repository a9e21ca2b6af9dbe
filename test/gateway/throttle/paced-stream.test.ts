import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { pacedStream } from '../../../gateway/throttle/paced-stream.js';
import { RateLimiter } from '../../../gateway/throttle/rate-limiter.js';
import { FakeClock } from '../../support/fake-clock.js';

const settle = () => new Promise(setImmediate);

describe('a paced stream', () => {
  test('hands on every byte in grains', async () => {
    const limiter = new RateLimiter(100 * 1024 * 1024, { clock: systemClock });
    const content = randomBytes(300_001);
    for (const source of [content, Readable.from([content.subarray(0, 7), content.subarray(7)])]) {
      const chunks = (await pacedStream(source, { limiter }).toArray()) as Buffer[];
      expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0);
      expect(Math.max(...chunks.map((chunk) => chunk.length))).toBe(limiter.grainBytes);
    }
  });

  test('is empty for an empty source', async () => {
    const limiter = new RateLimiter(1_000, { clock: systemClock });
    expect(await pacedStream(new Uint8Array(0), { limiter }).toArray()).toEqual([]);
  });

  test('takes no turns for a reader that does not read', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100_000, { clock });
    const stream = pacedStream(new Uint8Array(1_000_000), { limiter });
    stream.read(0);
    for (let i = 0; i < 100; i++) {
      clock.advance(50);
      await settle();
    }
    expect(stream.readableLength).toBeLessThanOrEqual(2 * limiter.grainBytes);
    stream.destroy();
  });

  test('ends its wait and its source when it is destroyed', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter(100, { clock });
    const source = Readable.from([new Uint8Array(1_000), new Uint8Array(1_000)]);
    const stream = pacedStream(source, { limiter });
    stream.resume();
    for (let i = 0; i < 5; i++) await settle();
    expect(clock.pendingCount).toBe(1);
    stream.destroy();
    await once(stream, 'close');
    expect(clock.pendingCount).toBe(0);
    expect(source.destroyed).toBe(true);
  });

  test('fails with the translated error of its source, also before anybody reads', async () => {
    const source = new Readable({ read() {} });
    const stream = pacedStream(source, { mapError: (error) => new Error(`translated ${error}`) });
    const failed = once(stream, 'error');
    source.destroy(new Error('broken'));
    expect((await failed)[0]).toMatchObject({ message: 'translated Error: broken' });
  });
});
