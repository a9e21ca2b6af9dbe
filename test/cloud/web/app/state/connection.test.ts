import { describe, expect, test } from 'vitest';
import type { StreamListener } from '../../../../../cloud/web/app/api/stream.js';
import { signedOut, unreachable } from '../../../../../cloud/web/app/errors.js';
import { Connection } from '../../../../../cloud/web/app/state/connection.js';
import type { StreamEvent } from '../../../../../core/wire/api.js';
import { FakeClock } from '../../../../support/fake-clock.js';
import { click } from '../../canned-data.js';

const event: StreamEvent = { type: 'click', data: click('c', 0) };

function setUp() {
  const clock = new FakeClock();
  const states: string[] = [];
  const seen: string[] = [];
  const streams: StreamListener[] = [];
  const fault: { check?: Error; duringLoad?: () => void } = {};
  const connection = new Connection({
    clock,
    openStream: (listener) => {
      streams.push(listener);
      return { close: () => {} };
    },
    check: async () => {
      if (fault.check) throw fault.check;
    },
    load: async () => {
      fault.duringLoad?.();
      seen.push('load');
    },
    onEvent: () => seen.push('event'),
    onState: (state) => states.push(state.kind),
  });
  return { clock, states, seen, streams, fault, connection };
}

/** Lets every promise that can settle do so. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('the connection', () => {
  test('is live once the stream is open and everything is loaded', async () => {
    const { connection, streams, states, seen } = setUp();
    const connecting = connection.connect();
    await settled();
    expect(seen).toEqual([]);
    streams[0]?.onOpen();
    await connecting;
    expect(states).toEqual(['live']);
    streams[0]?.onEvent(event);
    expect(seen).toEqual(['load', 'event']);
  });

  test('applies an event that arrives while loading after the load', async () => {
    const { connection, streams, seen, fault } = setUp();
    fault.duringLoad = () => streams[0]?.onEvent(event);
    const connecting = connection.connect();
    await settled();
    streams[0]?.onOpen();
    await connecting;
    expect(seen).toEqual(['load', 'event']);
  });

  test('is lost when the stream ends, also while loading, and comes back', async () => {
    const { connection, streams, states, fault, clock } = setUp();
    fault.duringLoad = () => streams[0]?.onLost();
    const connecting = connection.connect();
    await settled();
    streams[0]?.onOpen();
    await connecting;
    expect(states).toEqual(['lost']);
    delete fault.duringLoad;
    clock.advance(1_000);
    await settled();
    streams[1]?.onOpen();
    await settled();
    expect(states).toEqual(['lost', 'lost', 'live']);
    streams[1]?.onLost();
    expect(states.at(-1)).toBe('lost');
  });

  test('waits longer after every failure and not at all when told', async () => {
    const { connection, states, fault, clock, streams } = setUp();
    fault.check = unreachable(undefined);
    await connection.connect();
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = states.length;
      clock.advance(delayMs - 1);
      expect(states).toHaveLength(before);
      clock.advance(1);
      await settled();
      expect(states).toHaveLength(before + 2);
    }
    delete fault.check;
    void connection.connect();
    await settled();
    expect(streams).toHaveLength(1);
    expect(clock.pendingCount).toBe(1);
  });

  test('gives up on a stream that does not open within 15 seconds', async () => {
    const { connection, states, clock } = setUp();
    const connecting = connection.connect();
    await settled();
    clock.advance(15_000);
    await connecting;
    expect(states).toEqual(['lost']);
  });

  test('does not retry without a session', async () => {
    const { connection, states, fault, clock } = setUp();
    fault.check = signedOut();
    await connection.connect();
    expect(states).toEqual(['signed-out']);
    expect(clock.pendingCount).toBe(0);
  });

  test('is silent once closed', async () => {
    const { connection, streams, states, seen } = setUp();
    const connecting = connection.connect();
    await settled();
    connection.close();
    streams[0]?.onOpen();
    streams[0]?.onEvent(event);
    await connecting;
    expect(states).toEqual([]);
    expect(seen.filter((what) => what === 'event')).toEqual([]);
  });
});
