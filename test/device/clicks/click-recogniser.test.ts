import { describe, expect, it } from 'vitest';
import { clickDefaults } from '../../../device/clicks/click-machine.js';
import { ClickRecogniser } from '../../../device/clicks/click-recogniser.js';
import type { Edge } from '../../../hardware/ports.js';
import { FakeClock } from '../../support/fake-clock.js';

function setUp(rules = clickDefaults) {
  const clock = new FakeClock();
  const clicks: string[] = [];
  let listener: ((edge: Edge) => void) | undefined;
  const line = {
    watch(onEdge: (edge: Edge) => void) {
      listener = onEdge;
      return () => {
        listener = undefined;
      };
    },
  };
  const recogniser = ClickRecogniser.open({
    line,
    clock,
    rules,
    onClick: (click) => clicks.push(click.clickType),
  });
  const edge = (level: 0 | 1) => listener?.({ level, atMs: clock.monotonicMs() });
  return { clock, clicks, edge, recogniser, watched: () => listener !== undefined };
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
