import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { listSnapshots } from '../../../gateway/commands/snapshots.js';
import { encodeGoJson } from '../../../gateway/repository/go-json.js';
import { applyPolicy } from '../../../gateway/retention/apply-policy.js';
import { parseKeepDuration, type RetentionPolicy } from '../../../gateway/retention/policy.js';
import { formatTime, nanosOfMs, parseTime, zoneOffsetSeconds } from '../../../gateway/tree/go-time.js';
import { seededRandom } from '../../support/random.js';
import { noRestic, restic, withRestic, withTestRepository } from '../../support/restic.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const at = (time: string, tags: readonly string[] = []) => ({
  id: time,
  tags,
  timeNs: parseTime(time) ?? 0n,
  zoneSeconds: zoneOffsetSeconds(time),
});
const now = parseTime('2026-11-20T00:00:00Z') ?? 0n;
const keptOf = (times: readonly string[], policy: RetentionPolicy) =>
  applyPolicy(
    times.map((time) => at(time)),
    policy,
    now,
  ).keep.map(({ snapshot, reasons }) => [snapshot.id, ...reasons]);

describe('a policy', () => {
  it('counts days on the clock of the zone that a snapshot was stored with', () => {
    const evening = '2024-03-01T23:30:00+01:00';
    const night = '2024-03-02T00:30:00+01:00';
    expect(keptOf([evening, night], { counts: { daily: 5 } })).toHaveLength(2);
    const inUtc = ['2024-03-01T22:30:00Z', '2024-03-01T23:30:00Z'];
    expect(keptOf(inUtc, { counts: { daily: 5 } })).toEqual([[inUtc[1], 'daily snapshot']]);
  });

  it('counts back from the newest snapshot that is not in the future', () => {
    const times = [
      '2099-01-01T00:00:00Z',
      '2024-03-31T12:00:00Z',
      '2024-03-02T12:00:01Z',
      '2024-03-02T12:00:00Z',
    ];
    expect(keptOf(times, { within: parseKeepDuration('1m') }).map(([id]) => id)).toEqual(times.slice(0, 3));
  });

  it('keeps the oldest as well while a count is not used up, when asked', () => {
    const times = ['2024-03-02T12:00:00Z', '2024-03-02T11:00:00Z', '2024-03-02T10:00:00Z'];
    expect(keptOf(times, { counts: { daily: 2 } })).toHaveLength(1);
    expect(keptOf(times, { counts: { daily: 2 }, keepOldest: true })).toEqual([
      [times[0], 'daily snapshot'],
      [times[2], 'oldest daily snapshot'],
    ]);
    expect(keptOf(times, { counts: { daily: 1 }, keepOldest: true })).toHaveLength(1);
  });

  it('takes -1 for no limit, as restic does since 0.15', () => {
    const times = ['2024-03-02T12:00:00Z', '2024-02-02T11:00:00Z', '2021-03-02T10:00:00Z'];
    expect(keptOf(times, { counts: { yearly: -1 } })).toEqual([
      [times[0], 'yearly snapshot'],
      [times[2], 'yearly snapshot'],
    ]);
  });

  it.each(['', '3', '1w', 'd', '1y 2m', '-3d'])('refuses the duration %j', (text) => {
    expect(() => parseKeepDuration(text)).toThrow(
      expect.objectContaining({ code: 'KEEP_DURATION_MALFORMED' }),
    );
  });
});

const zones = [0, 3600, 7200, -18_000, 19_800];

/** Clusters within hours, days and years. */
function randomTime(random: () => number): string {
  const days = [2, 2, 40, 40, 1500][Math.floor(random() * 5)] ?? 0;
  const zone = zones[Math.floor(random() * zones.length)] ?? 0;
  const timeMs = Date.UTC(2021, 10, 20) - Math.floor(random() * days * 86_400) * 1000;
  return formatTime(nanosOfMs(timeMs), zone);
}

/** Snapshot files of many times and zones; they need no data, since forget reads none. */
async function makeSnapshots(folder: string, count: number): Promise<void> {
  const random = seededRandom(20_261_121);
  await withTestRepository(folder, 'init', async (repository) => {
    for (let i = 0; i < count; i++) {
      const tags = ['a', 'b', 'c'].filter(() => random() < 0.2);
      const snapshot = {
        time: randomTime(random),
        tree: 'ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8',
        paths: ['/data'],
        hostname: 'nas',
        tags: tags.length > 0 ? tags : undefined,
      };
      await repository.saveSnapshot(encodeGoJson(snapshot));
    }
  });
}

const policies: readonly [string, RetentionPolicy][] = [
  ['--keep-last 7', { counts: { last: 7 } }],
  ['--keep-hourly 30', { counts: { hourly: 30 } }],
  ['--keep-daily 14 --keep-weekly 8', { counts: { daily: 14, weekly: 8 } }],
  ['--keep-weekly 9999', { counts: { weekly: 9999 } }],
  ['--keep-monthly 12 --keep-yearly 3', { counts: { monthly: 12, yearly: 3 } }],
  ['--keep-yearly 9 --keep-tag a,b', { counts: { yearly: 9 }, tags: [['a', 'b']] }],
  ['--keep-tag c --keep-tag a', { tags: [['c'], ['a']] }],
  ['--keep-within 1m5d3h', { within: parseKeepDuration('1m5d3h') }],
  [
    '--keep-within 20d --keep-within-hourly 40d --keep-within-daily 2m --keep-within-weekly 7m',
    {
      within: parseKeepDuration('20d'),
      withinPeriod: {
        hourly: parseKeepDuration('40d'),
        daily: parseKeepDuration('2m'),
        weekly: parseKeepDuration('7m'),
      },
    },
  ],
  [
    '--keep-within-monthly 1y2m --keep-within-yearly 3y --keep-last 2',
    {
      counts: { last: 2 },
      withinPeriod: { monthly: parseKeepDuration('1y2m'), yearly: parseKeepDuration('3y') },
    },
  ],
];

interface ResticGroup {
  readonly keep: { id: string }[] | null;
  readonly remove: { id: string }[] | null;
  readonly reasons: { matches: string[]; counters: Record<string, number> }[];
}

test.skipIf(noRestic !== undefined)(
  withRestic('every decision and reason is that of stock restic'),
  async () => {
    const folder = join(await temporaryFolder(), 'repository');
    await mkdir(folder);
    await makeSnapshots(folder, 160);
    const snapshots = await withTestRepository(folder, 'open', (repository) => listSnapshots(repository));
    expect(new Set(snapshots.map(({ zoneSeconds }) => zoneSeconds)).size).toBe(zones.length);
    for (const [flags, policy] of policies) {
      const output = restic(folder, ['forget', '--dry-run', '--no-lock', '--json', ...flags.split(' ')]);
      const [theirs] = JSON.parse(output) as [ResticGroup];
      const ours = applyPolicy(snapshots, policy, nanosOfMs(systemClock.now()));
      expect(
        ours.remove.map(({ id }) => id),
        flags,
      ).toEqual((theirs.remove ?? []).map(({ id }) => id));
      expect(
        ours.keep.map(({ snapshot, reasons }) => [snapshot.id, ...reasons]),
        flags,
      ).toEqual((theirs.keep ?? []).map(({ id }, i) => [id, ...(theirs.reasons[i]?.matches ?? [])]));
      expect(
        ours.keep.map(({ countsLeft }) => countsLeft),
        flags,
      ).toEqual(theirs.reasons.map(({ counters }) => counters));
    }
  },
);
