import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../core/clock.js';
import { hookConfig } from '../../../gateway/jobs/hook-config.js';
import { runHooks } from '../../../gateway/jobs/hooks.js';
import type { HookRecord } from '../../../gateway/jobs/run-record.js';
import { eventually } from '../../support/eventually.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const shell = (script: string, more: object = {}) =>
  hookConfig.parse({ command: ['sh', '-c', script], ...more });

async function run(
  when: 'before' | 'after',
  hooks: ReturnType<typeof shell>[],
  { signal, clock = systemClock }: { signal?: AbortSignal; clock?: Clock } = {},
) {
  const records: HookRecord[] = [];
  const failure = await runHooks({
    when,
    hooks,
    facts: { GATEHOUSE_JOB: 'nas' },
    clock,
    signal,
    onEnd: (record) => records.push(record),
  });
  return { failure, records };
}

/** A process that has ended and that nobody waited for has an empty command line. */
const commandLine = (pid: number) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');

describe('hooks', () => {
  test('run in order with what they need to know, and what they write is kept', async () => {
    const script = 'echo "$GATEHOUSE_JOB $GATEHOUSE_HOOK $EXTRA"; echo careful >&2';
    const { failure, records } = await run('before', [
      shell(script, { env: { EXTRA: 'more' } }),
      shell('echo 2'),
    ]);
    expect(failure).toBeUndefined();
    expect(records).toMatchObject([
      { when: 'before', program: 'sh', exitCode: 0, output: 'nas before more\ncareful\n', error: null },
      { output: '2\n' },
    ]);
  });

  test('that fail keep the following ones from starting before a run, but not after it', async () => {
    const hooks = [shell('echo no space; exit 3'), shell('echo next')];
    const before = await run('before', hooks);
    expect(before.failure).toMatchObject({ code: 'COMMAND_FAILED' });
    expect(before.failure?.message).toMatch(/ended with exit code 3\. It said: no space/);
    expect(before.records).toHaveLength(1);
    const after = await run('after', hooks);
    expect(after.failure).toMatchObject({ code: 'COMMAND_FAILED' });
    expect(after.records.map(({ exitCode }) => exitCode)).toEqual([3, 0]);
  });

  test('may fail without consequence when they are told to continue', async () => {
    const { failure, records } = await run('before', [
      shell('exit 1', { onFailure: 'continue' }),
      hookConfig.parse({ command: ['/no/such/program'], onFailure: 'continue' }),
      shell('true'),
    ]);
    expect(failure).toBeUndefined();
    expect(records.map(({ exitCode }) => exitCode)).toEqual([1, null, 0]);
    expect(records[1]?.error).toContain('Cannot start /no/such/program');
  });

  test('are ended at their limit with everything that they started', async () => {
    const pidFile = join(await temporaryFolder(), 'pid');
    const script = `sh -c 'trap "" TERM; echo $$ > ${pidFile}; while :; do sleep 0.05; done' & wait`;
    const clock = new FakeClock();
    const ended = run('before', [shell(script, { timeLimit: '10m' })], { clock });
    const pid = await eventually(async () => {
      const found = Number.parseInt(await readFile(pidFile, 'utf8'), 10);
      expect(found).toBeGreaterThan(0);
      return found;
    });
    clock.advance(10 * 60_000 - 1);
    expect(await commandLine(pid)).not.toBe('');
    clock.advance(1);
    clock.advance(2_000);
    expect((await ended).failure?.message).toContain('took longer than 10m');
    await eventually(async () => expect(await commandLine(pid)).toBe(''));
  });

  test('end when the run is interrupted', async () => {
    const stop = new AbortController();
    const ended = run('before', [shell('echo begun; exec sleep 60')], { signal: stop.signal });
    stop.abort();
    expect((await ended).failure?.message).toContain('was interrupted');
  });

  test('leave the last 64 KiB of a flood', async () => {
    const { records } = await run('after', [shell('head -c 3000000 /dev/zero | tr "\\0" x; echo END')]);
    expect(records[0]?.output).toMatch(/^\[the beginning is left out\]\nx+END\n$/);
    expect(records[0]?.output.length).toBeLessThan(65_536 + 40);
  });
});
