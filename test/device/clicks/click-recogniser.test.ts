import { describe, expect, it } from 'vitest';
import { clickDefaults } from '../../../device/clicks/click-machine.js';
import { ClickRecogniser } from '../../../device/clicks/click-recogniser.js';
import type { Edge } from '../../../hardware/ports.js';
import { FakeClock } from '../../support/fake-clock.js';

function setUp(rules = clickDefaults) {
  const clock = new FakeClock();
  const clicks: string[] = [];
  /** Edges that the kernel has stamped and nobody has read. */
  const queued: Edge[] = [];
  let listener: ((edge: Edge) => void) | undefined;
  const line = {
    watch(onEdge: (edge: Edge) => void) {
      listener = onEdge;
      return () => {
        listener = undefined;
      };
    },
    drain() {
      for (const edge of queued.splice(0)) listener?.(edge);
    },
  };
  const recogniser = ClickRecogniser.open({
    line,
    clock,
    rules,
    onClick: (click) => clicks.push(click.clickType),
  });
  const edge = (level: 0 | 1) => listener?.({ level, atMs: clock.monotonicMs() });
  return { clock, clicks, edge, queued, recogniser, watched: () => listener !== undefined };
}

describe('a click recogniser', () => {
  it('reports SINGLE in the same turn as the release edge when double is off', () => {
    const { clock, clicks, edge } = setUp({ ...clickDefaults, double: false });
    edge(1);
    clock.advance(80);
    edge(0);
    expect(clicks).toEqual(['SINGLE']);
  });

  it('reports SINGLE when the double window has passed, and leaves no timer behind', () => {
    const { clock, clicks, edge } = setUp();
    edge(1);
    clock.advance(80);
    edge(0);
    clock.advance(299);
    expect(clicks).toEqual([]);
    clock.advance(1);
    expect(clicks).toEqual(['SINGLE']);
    expect(clock.pendingCount).toBe(0);
  });

  it('reports LONG without waiting for the release', () => {
    const { clock, clicks, edge } = setUp();
    edge(1);
    clock.advance(1500);
    expect(clicks).toEqual(['LONG']);
  });

  it('makes no LONG of a press that was released in time, though the program was too busy to read it', () => {
    const { clock, clicks, edge, queued } = setUp();
    edge(1);
    queued.push({ level: 0, atMs: 1_499 });
    clock.advance(1_500);
    expect(clicks).toEqual([]);
    clock.advance(299);
    expect(clicks).toEqual(['SINGLE']);
    expect(clock.pendingCount).toBe(0);
  });

  it('makes a LONG of a press that was released just after, read in the same turn', () => {
    const { clock, clicks, edge, queued } = setUp();
    edge(1);
    queued.push({ level: 0, atMs: 1_501 });
    clock.advance(1_500);
    expect(clicks).toEqual(['LONG']);
    clock.advance(5_000);
    expect(clicks).toEqual(['LONG']);
  });

  it('makes a DOUBLE of a second press that was in time, though it was read late', () => {
    const { clock, clicks, edge, queued } = setUp();
    edge(1);
    clock.advance(100);
    edge(0);
    queued.push({ level: 1, atMs: 399 });
    clock.advance(350);
    edge(0);
    expect(clicks).toEqual(['DOUBLE']);
  });

  it('stops watching and forgets what is undecided when closed', async () => {
    const { clock, clicks, edge, recogniser, watched } = setUp();
    edge(1);
    clock.advance(80);
    edge(0);
    await recogniser.close();
    clock.advance(5000);
    expect(clicks).toEqual([]);
    expect(watched()).toBe(false);
    expect(clock.pendingCount).toBe(0);
  });
});
