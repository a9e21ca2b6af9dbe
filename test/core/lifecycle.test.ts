import { describe, expect, it } from 'vitest';
import { Lifetimes, opening } from '../../core/lifecycle.js';

describe('lifetimes', () => {
  it('close in reverse order, each once, however often close is called', async () => {
    const closed: string[] = [];
    const lifetimes = new Lifetimes();
    lifetimes.add('a', { close: async () => void closed.push('a') });
    lifetimes.defer('b', () => void closed.push('b'));
    await Promise.all([lifetimes.close(), lifetimes.close()]);
    await lifetimes.close();
    expect(closed).toEqual(['b', 'a']);
  });

  it('go on past a failure and pass it on', async () => {
    const closed: string[] = [];
    const lifetimes = new Lifetimes();
    lifetimes.defer('a', () => void closed.push('a'));
    lifetimes.defer('b', () => {
      throw new Error('b fails');
    });
    await expect(lifetimes.close()).rejects.toThrow('b fails');
    expect(closed).toEqual(['a']);
  });

  it('pass several failures on together', async () => {
    const lifetimes = new Lifetimes();
    for (const name of ['a', 'b']) lifetimes.defer(name, () => Promise.reject(new Error(name)));
    const error = await lifetimes.close().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map((each: Error) => each.message)).toEqual(['b', 'a']);
  });
});

describe('opening', () => {
  it('undoes what was opened when a later step fails, and passes that error on', async () => {
    const closed: string[] = [];
    const failing = opening(async (lifetimes) => {
      lifetimes.defer('first', () => void closed.push('first'));
      lifetimes.defer('second', () => Promise.reject(new Error('undo fails')));
      throw new Error('third fails');
    });
    await expect(failing).rejects.toThrow('third fails');
    expect(closed).toEqual(['first']);
  });

  it('leaves everything open when all went well', async () => {
    const closed: string[] = [];
    const lifetimes = await opening(async (stack) => {
      stack.defer('part', () => void closed.push('part'));
      return stack;
    });
    expect(closed).toEqual([]);
    await lifetimes.close();
    expect(closed).toEqual(['part']);
  });
});
