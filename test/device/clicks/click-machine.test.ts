import { describe, expect, it } from 'vitest';
import { ClickMachine, type ClickOptions, clickDefaults } from '../../../device/clicks/click-machine.js';

type Step = readonly [atMs: number, level: 0 | 1];

/** Plays edges and then lets ten seconds pass; `SINGLE@500` is a click and when it was decided. */
function play(steps: readonly Step[], options: Partial<ClickOptions> = {}): string[] {
  const machine = new ClickMachine({ ...clickDefaults, ...options });
  const clicks = steps.flatMap(([atMs, level]) => machine.edge(level, atMs));
  clicks.push(...machine.advance((steps.at(-1)?.[0] ?? 0) + 10_000));
  expect(machine.nextDueMs === undefined || steps.at(-1)?.[1] === 1).toBe(true);
  return clicks.map((click) => `${click.clickType}@${click.atMs}`);
}

const types = (clicks: readonly string[]) => clicks.map((click) => click.split('@')[0]);

const push = (fromMs: number, toMs: number): Step[] => [
  [fromMs, 1],
  [toMs, 0],
];

/** A small generator with a seed, so that a failing case can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A change to `level` that chatters for less than `chatterMs`, beginning and ending at `level`. */
function bouncing(atMs: number, level: 0 | 1, chatterMs: number, next: () => number): Step[] {
  const pairs = Math.floor(next() * 12);
  const times = Array.from({ length: pairs * 2 }, () => atMs + next() * chatterMs).sort((a, b) => a - b);
  const other = level === 1 ? 0 : 1;
  return [[atMs, level], ...times.map((time, i): Step => [time, i % 2 === 0 ? other : level])];
}

describe('a click machine', () => {
  it('fires SINGLE when no second press came within the double window', () => {
    expect(play(push(0, 100))).toEqual(['SINGLE@400']);
  });

  it('loses no press whose edges the kernel stamped before a lock-out that is decided already', () => {
    const machine = new ClickMachine({ ...clickDefaults, debounceMs: 100 });
    const clicks = [
      ...machine.edge(1, 0),
      ...machine.edge(0, 5),
      // A busy program: its timer runs before it is told of the edge at 20 ms.
      ...machine.advance(130),
      ...machine.edge(1, 20),
      ...machine.edge(0, 320),
      ...machine.advance(5_000),
    ];
    expect(clicks.map(({ clickType }) => clickType)).toEqual(['SINGLE']);
  });

  it('fires SINGLE at the release edge itself when double is off', () => {
    expect(play(push(0, 100), { double: false })).toEqual(['SINGLE@100']);
  });

  it('fires DOUBLE at the second release', () => {
    expect(play([...push(0, 100), ...push(250, 330)])).toEqual(['DOUBLE@330']);
  });

  it('takes a second press after the window as a click of its own', () => {
    expect(play([...push(0, 100), ...push(401, 480)])).toEqual(['SINGLE@400', 'SINGLE@780']);
  });

  it('takes three quick presses as DOUBLE and SINGLE', () => {
    expect(play([...push(0, 80), ...push(200, 280), ...push(400, 480)])).toEqual([
      'DOUBLE@280',
      'SINGLE@780',
    ]);
  });

  it('takes two quick presses as two SINGLE when double is off', () => {
    expect(play([...push(0, 80), ...push(200, 280)], { double: false })).toEqual(['SINGLE@80', 'SINGLE@280']);
  });

  it('fires LONG while the button is still held, and nothing at its release', () => {
    expect(play(push(0, 2000))).toEqual(['LONG@1500']);
    expect(play([[0, 1]])).toEqual(['LONG@1500']);
  });

  it('takes a hold as SINGLE when long is off', () => {
    expect(play(push(0, 5000), { long: false })).toEqual(['SINGLE@5300']);
    expect(play(push(0, 5000), { long: false, double: false })).toEqual(['SINGLE@5000']);
  });

  it('takes a short press followed by a hold as SINGLE and LONG', () => {
    expect(types(play([...push(0, 100), ...push(200, 3000)]))).toEqual(['SINGLE', 'LONG']);
  });

  it('ignores a spike that is shorter than the lock-out', () => {
    expect(play(push(0, 9.9))).toEqual([]);
    expect(play(push(0, 10))).toEqual(['SINGLE@310']);
  });

  it('does not make a DOUBLE of a click and a spike', () => {
    expect(play([...push(0, 100), ...push(200, 204)])).toEqual(['SINGLE@400']);
    expect(types(play([...push(0, 100), ...push(398, 402)]))).toEqual(['SINGLE']);
  });

  it('goes on with the same click when a release bounces back', () => {
    const chatter: Step[] = [
      [0, 1],
      [100, 0],
      [104, 1],
      [300, 0],
    ];
    expect(play(chatter)).toEqual(['SINGLE@600']);
    expect(play(chatter, { double: false })).toEqual(['SINGLE@100']);
    expect(
      play([
        [0, 1],
        [100, 0],
        [104, 1],
        [2000, 0],
      ]),
    ).toEqual(['LONG@1500']);
  });

  it('accepts the next press at once after a spike', () => {
    expect(play([...push(0, 3), ...push(11, 100)], { double: false })).toEqual(['SINGLE@100']);
  });

  it('decides by the times of the edges when they are delivered late and together', () => {
    const machine = new ClickMachine(clickDefaults);
    const clicks = [
      ...machine.edge(1, 0),
      ...machine.edge(0, 2000),
      ...machine.edge(1, 4000),
      ...machine.edge(0, 4100),
    ];
    expect(clicks.map((click) => `${click.clickType}@${click.atMs}`)).toEqual(['LONG@1500']);
    expect(machine.advance(9000)).toEqual([{ clickType: 'SINGLE', atMs: 4400 }]);
  });

  it('ignores the release of a button that was held when watching began', () => {
    expect(play([[50, 0], ...push(1000, 1100)])).toEqual(['SINGLE@1400']);
  });

  it('never counts one push twice, whatever the chatter within the lock-out (2,000 seeds)', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const next = random(seed);
      const steps: Step[] = [];
      const expected: string[] = [];
      let atMs = 0;
      for (let n = 0; n < 5; n++) {
        const holdMs = 25 + next() * 1400;
        steps.push(...bouncing(atMs, 1, 9.9, next), ...bouncing(atMs + holdMs, 0, 9.9, next));
        expected.push('SINGLE');
        atMs += holdMs + 15 + next() * 500;
      }
      expect(types(play(steps, { double: false })), `seed ${seed}`).toEqual(expected);
    }
  });

  it('reads chattering pushes as it reads clean ones, with double on (2,000 seeds)', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const next = random(seed);
      const clean: Step[] = [];
      const dirty: Step[] = [];
      let atMs = 0;
      for (let n = 0; n < 6; n++) {
        const holdMs = 25 + next() * 2500;
        clean.push([atMs, 1], [atMs + holdMs, 0]);
        dirty.push(...bouncing(atMs, 1, 9.9, next), ...bouncing(atMs + holdMs, 0, 9.9, next));
        atMs += holdMs + 15 + next() * 600;
      }
      expect(play(dirty), `seed ${seed}`).toEqual(play(clean));
    }
  });

  it('makes nothing of spikes alone (500 seeds)', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const next = random(seed);
      const steps: Step[] = [];
      for (let n = 0, atMs = 0; n < 20; n++, atMs += 30 + next() * 400)
        steps.push(...push(atMs, atMs + next() * 9));
      expect(play(steps), `seed ${seed}`).toEqual([]);
    }
  });
});
