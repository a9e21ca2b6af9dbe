import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import { silentLogger } from '../../core/log.js';
import { Outbox } from '../../device/outbox.js';
import { Publisher, type PublisherOptions } from '../../device/publisher.js';
import type { Transport } from '../../device/transport/transport.js';
import { FakeClock } from '../support/fake-clock.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Sent {
  readonly topic: string;
  readonly n: number;
  ack(): void;
  fail(): void;
}

/** A transport whose acknowledgements the test gives by hand. */
class HandTransport implements Transport {
  readonly library = 'mqtt';
  readonly protocol = '3.1.1';
  connected = false;
  automatic = false;
  readonly sent: Sent[] = [];
  #listeners = new Set<() => void>();
  #pending = new Set<Sent>();

  async connect(): Promise<void> {
    this.connected = true;
    for (const listener of this.#listeners) listener();
  }

  drop(): void {
    this.connected = false;
    for (const one of [...this.#pending]) one.fail();
  }

  publish(topic: string, payload: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (work: () => void) => () => {
        this.#pending.delete(one);
        work();
      };
      const one: Sent = {
        topic,
        n: (JSON.parse(payload) as { n: number }).n,
        ack: settle(resolve),
        fail: settle(() => reject(new GatehouseError('LINK_DOWN', 'down', { retryable: true }))),
      };
      this.#pending.add(one);
      this.sent.push(one);
      if (this.automatic) queueMicrotask(one.ack);
    });
  }

  async subscribe(): Promise<void> {}

  onConnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onDisconnect(): () => void {
    return () => {};
  }

  async close(): Promise<void> {}

  get numbers(): number[] {
    return this.sent.map((one) => one.n);
  }
}

async function setUp(options: Partial<PublisherOptions> = {}) {
  const filePath = join(await temporaryFolder(), 'outbox.db');
  const open = () =>
    Outbox.open({
      filePath,
      clock: systemClock,
      log: silentLogger,
      maxRows: 1e6,
      maxBytes: 1e9,
      removeDelayMs: 5,
    });
  const outbox = await open();
  onTestFinished(() => outbox.close());
  const transport = new HandTransport();
  const start = () => {
    const publisher = Publisher.open({
      outbox,
      transport,
      topicOf: (kind) => kind,
      clock: systemClock,
      log: silentLogger,
      drainLimitMs: 20,
      ...options,
    });
    onTestFinished(() => publisher.close());
    return publisher;
  };
  const fill = (kind: 'click' | 'telemetry', from: number, to: number) =>
    Promise.all(Array.from({ length: to - from }, (_, i) => outbox.append(kind, { n: from + i })));
  return { outbox, transport, start, fill, open };
}

describe('the publisher', () => {
  it('hands a click over in the very turn in which its commit is told', async () => {
    const { outbox, transport, start } = await setUp();
    await transport.connect();
    await start().idle();
    let sentWhenTold = -1;
    outbox.onAppended(() => {
      sentWhenTold = transport.sent.length;
    });
    await outbox.append('click', { n: 1 });
    expect(sentWhenTold).toBe(1);
    expect(transport.sent[0]).toMatchObject({ topic: 'click', n: 1 });
  });

  it('removes a message only after its acknowledgement', async () => {
    const { outbox, transport, start, fill } = await setUp();
    await transport.connect();
    await start().idle();
    await fill('click', 0, 2);
    transport.sent[1]!.ack();
    await expect.poll(() => outbox.totals.rows).toBe(1);
    expect((await outbox.peek('click', 9, new Set())).map((m) => JSON.parse(m.body).n)).toEqual([0]);
  });

  it('sends what was stored before it started, clicks first, each kind in order', async () => {
    const { outbox, transport, start, fill } = await setUp();
    transport.automatic = true;
    await fill('telemetry', 0, 300);
    await fill('click', 1000, 1003);
    await transport.connect();
    await start().idle();
    expect(transport.numbers.slice(0, 3)).toEqual([1000, 1001, 1002]);
    expect(transport.numbers.slice(3)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    await expect.poll(() => outbox.totals.rows).toBe(0);
  });

  it('keeps to its window, and a live click overtakes a telemetry backlog that fills it', async () => {
    const { outbox, transport, start, fill } = await setUp();
    await fill('telemetry', 0, 200);
    await transport.connect();
    const publisher = start();
    await expect.poll(() => transport.sent.length).toBe(48);
    await outbox.append('click', { n: 1000 });
    expect(transport.numbers.at(-1)).toBe(1000);
    await fill('click', 1001, 1100);
    await expect.poll(() => publisher.inFlight).toBe(64);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(transport.sent.length).toBe(64);
  });

  it('sends again after a lost connection, and nothing while there is none', async () => {
    const { outbox, transport, start, fill } = await setUp();
    await transport.connect();
    const publisher = start();
    await publisher.idle();
    await fill('click', 0, 3);
    transport.sent[0]!.ack();
    transport.drop();
    await fill('click', 3, 5);
    expect(transport.numbers).toEqual([0, 1, 2]);
    transport.automatic = true;
    await transport.connect();
    await publisher.idle();
    expect(transport.numbers.slice(3)).toEqual([1, 2, 3, 4]);
    await expect.poll(() => outbox.totals.rows).toBe(0);
  });

  it('tries a message that failed again while the connection stands', async () => {
    const { transport, start, outbox } = await setUp();
    await transport.connect();
    const publisher = start();
    await publisher.idle();
    await outbox.append('click', { n: 7 });
    transport.automatic = true;
    transport.sent[0]!.fail();
    await publisher.idle();
    expect(transport.numbers).toEqual([7, 7]);
  });

  it('sends a click that is made now before older ones that wait, and none of them twice', async () => {
    const { outbox, transport, start, fill } = await setUp({ window: 8 });
    await fill('click', 0, 20);
    await transport.connect();
    const publisher = start();
    await expect.poll(() => transport.numbers).toEqual([0, 1, 2, 3, 4, 5]);
    await outbox.append('click', { n: 100 });
    expect(transport.numbers.at(-1)).toBe(100);
    transport.automatic = true;
    for (const one of [...transport.sent]) one.ack();
    await publisher.idle();
    expect(transport.numbers).toEqual([
      0,
      1,
      2,
      3,
      4,
      5,
      100,
      ...Array.from({ length: 14 }, (_, n) => n + 6),
    ]);
  });

  it('sends but a few old clicks at a time, so that the broker is never busy with them', async () => {
    const { outbox, transport, start, fill } = await setUp();
    await fill('click', 0, 200);
    await fill('telemetry', 1000, 1200);
    await transport.connect();
    start();
    await expect.poll(() => transport.sent.length).toBe(8 + 48);
    await outbox.append('click', { n: 5000 });
    expect(transport.numbers.at(-1)).toBe(5000);
    expect(transport.numbers.filter((n) => n < 1000)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('sends clicks of the last half minute without a connection before older ones, in their order', async () => {
    const clock = new FakeClock();
    const { outbox, transport, start, fill } = await setUp({ clock });
    await fill('click', 0, 20);
    const publisher = start();
    await outbox.append('click', { n: 100 });
    clock.advance(29_000);
    await outbox.append('click', { n: 101 });
    clock.advance(2_000);
    await outbox.append('click', { n: 102 });
    await transport.connect();
    await expect.poll(() => transport.numbers).toEqual([101, 102, 0, 1, 2, 3, 4, 5, 6, 7]);
    transport.automatic = true;
    for (const one of [...transport.sent]) one.ack();
    await publisher.idle();
    expect(transport.numbers.slice(10)).toEqual([...Array.from({ length: 12 }, (_, n) => n + 8), 100]);
    await expect.poll(() => outbox.totals.rows).toBe(0);
  });

  it('lets clicks of this moment that find no place wait in order, before all older ones', async () => {
    const { transport, start, fill } = await setUp({ window: 8 });
    await fill('click', 0, 20);
    await transport.connect();
    const publisher = start();
    await expect.poll(() => transport.numbers).toEqual([0, 1, 2, 3, 4, 5]);
    await fill('click', 100, 110);
    expect(transport.numbers.slice(6)).toEqual([100, 101]);
    for (const one of transport.sent.slice(0, 4)) one.ack();
    await expect.poll(() => transport.numbers.slice(8)).toEqual([102, 103, 104, 105]);
    transport.automatic = true;
    for (const one of [...transport.sent]) one.ack();
    await publisher.idle();
    const fresh = transport.numbers.filter((n) => n >= 100);
    expect(fresh).toEqual(Array.from({ length: 10 }, (_, n) => 100 + n));
    expect(transport.numbers.indexOf(109)).toBeLessThan(transport.numbers.indexOf(6));
    expect(transport.numbers).toHaveLength(30);
  });

  it('reads a long backlog in portions', async () => {
    const { outbox, transport, start, fill } = await setUp();
    transport.automatic = true;
    await fill('telemetry', 0, 1000);
    let reads = 0;
    const peek = outbox.peek.bind(outbox);
    outbox.peek = (...args) => {
      reads++;
      return peek(...args);
    };
    await transport.connect();
    await start().idle();
    expect(transport.sent.length).toBe(1000);
    expect(reads).toBeLessThan(120);
  });

  it('drains within its limit when closed and leaves the rest in the outbox', async () => {
    const { outbox, transport, start, fill } = await setUp({ drainLimitMs: 50 });
    await transport.connect();
    const publisher = start();
    await publisher.idle();
    await fill('click', 0, 4);
    transport.sent[0]!.ack();
    await publisher.close();
    await outbox.append('click', { n: 4 });
    expect(transport.sent.length).toBe(4);
    await expect.poll(() => outbox.totals.rows).toBe(4);
  });

  it('loses nothing and ends empty over 100 losses of the connection', async () => {
    const { outbox, transport, start } = await setUp();
    const publisher = start();
    let state = 42;
    const chance = (share: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32 < share;
    };
    for (let round = 0; round < 100; round++) {
      await transport.connect();
      await outbox.append('click', { n: round * 2 });
      await outbox.append('telemetry', { n: round * 2 + 1 });
      for (const one of transport.sent.slice(-10).filter(() => chance(0.3))) one.ack();
      transport.drop();
    }
    transport.automatic = true;
    await transport.connect();
    await publisher.idle();
    expect(new Set(transport.numbers).size).toBe(200);
    await expect.poll(() => outbox.totals.rows).toBe(0);
  });
});
