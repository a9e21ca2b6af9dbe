/**
 * `kill -9` at random instants of backup, forget, prune, copy and repair, in a folder and on a real
 * S3 server. Chains of one to four kills are followed by a run that must finish. After every kill
 * our own check finds the repository whole (structure: packs, index, every tree of every snapshot);
 * stock restic reads all data after every tenth kill and at the end of each lane. A run stores no
 * blob again that an index named before it began.
 */
import { execFile } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { Secret } from '../../core/secret.js';
import { openBucket } from '../../gateway/bucket/open.js';
import { check } from '../../gateway/commands/check.js';
import { Repository } from '../../gateway/repository/repository.js';
import { compareTrees } from '../support/compare-trees.js';
import { FaultProxy } from '../support/fault-proxy.js';
import { type StartedGatehouse, startGatehouse } from '../support/gatehouse-cli.js';
import { noise } from '../support/nasty-tree.js';
import { seededRandom } from '../support/random.js';
import { noRestic, testPassword } from '../support/restic.js';
import {
  freshBucketName,
  s3Endpoint,
  s3Environment,
  s3SkipReason,
  useS3Environment,
} from '../support/s3-server.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const seed = Number(process.env['GATEHOUSE_TEST_SEED'] ?? 20_261_121);
/** With the 25 of prune-kills.test.ts two hundred in all. */
const share = Number(process.env['GATEHOUSE_TEST_KILLS'] ?? 175) / 200;
const endpoint = s3Endpoint();
const skip = noRestic ?? (endpoint === undefined ? s3SkipReason : undefined);

const fileCount = 24;
const fileBytes = 700_000;
const stockEvery = 10;
/** An index after almost every pack: what a kill leaves without one is a few packs. */
const packing = ['--pack-size', '4', '--index-every', '20ms'];
const keepLast = ['--keep-last', '2', '--prune', '--max-unused', '0', ...packing.slice(0, 2)];
const cheapScrypt = { n: 1024, r: 8, p: 1 };

const env = {
  GATEHOUSE_PASSWORD: testPassword,
  GATEHOUSE_FROM_PASSWORD: testPassword,
  ...s3Environment,
  AWS_REGION: 'us-east-1',
};

/** A place for a repository, and how a run is killed there in mid-work. */
interface Place {
  readonly location: string;
  /** As restic names it. */
  readonly stockLocation: string;
  readonly options: readonly string[];
  /** Kills the run after this share of its work. */
  kill(run: StartedGatehouse, share: number): Promise<void>;
  /** Tells how much work a whole run is. */
  measure(run: StartedGatehouse): Promise<void>;
}

/** The work of a run is the time after it has taken its lock. */
class FolderPlace implements Place {
  readonly location: string;
  readonly options = [];
  #workMs = 0;

  constructor(location: string) {
    this.location = location;
  }

  get stockLocation(): string {
    return this.location;
  }

  async kill({ process: child, ended }: StartedGatehouse, share: number): Promise<void> {
    await this.#locked(ended);
    await Promise.race([ended, new Promise((done) => setTimeout(done, this.#workMs * share))]);
    child.kill('SIGKILL');
  }

  async measure({ ended }: StartedGatehouse): Promise<void> {
    await this.#locked(ended);
    const start = performance.now();
    expect(await ended).toMatchObject({ code: 0 });
    this.#workMs = performance.now() - start;
  }

  /** A lock appears, or the run ends. */
  async #locked(ended: Promise<unknown>): Promise<void> {
    const locks = join(this.location, 'locks');
    await mkdir(locks, { recursive: true });
    const watcher = watch(locks);
    await Promise.race([ended, new Promise((done) => watcher.once('change', done))]);
    watcher.close();
  }
}

/** The work of a run is its requests, which a proxy counts; it is killed as one of them comes in. */
class BucketPlace implements Place {
  readonly location: string;
  readonly stockLocation: string;
  readonly options: readonly string[];
  readonly #proxy: FaultProxy;
  #requests = 0;

  private constructor(name: string, proxy: FaultProxy) {
    this.location = `s3://${name}/repository`;
    this.stockLocation = `s3:${endpoint}/${name}/repository`;
    this.options = ['--endpoint', proxy.endpoint];
    this.#proxy = proxy;
  }

  static async open(): Promise<BucketPlace> {
    const proxy = await FaultProxy.open(endpoint ?? '', { seed, rate: 0 });
    onTestFinished(() => proxy.close());
    return new BucketPlace(freshBucketName(), proxy);
  }

  async kill({ process: child, ended }: StartedGatehouse, share: number): Promise<void> {
    const last = this.#proxy.requests + 1 + Math.floor(this.#requests * share);
    this.#proxy.onRequest = (nth) => nth >= last && child.kill('SIGKILL');
    await ended;
    this.#proxy.onRequest = () => {};
  }

  async measure({ ended }: StartedGatehouse): Promise<void> {
    const before = this.#proxy.requests;
    expect(await ended).toMatchObject({ code: 0 });
    this.#requests = this.#proxy.requests - before;
  }
}

useS3Environment();

interface Contents {
  /** `type id` of every indexed blob, with its packs. */
  readonly blobs: ReadonlyMap<string, readonly string[]>;
  readonly orphans: readonly string[];
  readonly orphanBytes: number;
  readonly packs: ReadonlyMap<string, number>;
}

const totals = {
  kills: 0,
  finished: 0,
  stockChecks: 0,
  orphans: 0,
  most: 0,
  orphanBytes: 0,
  sentBytes: 0,
  sentPacks: 0,
};

/** One repository under fire. */
class Lane {
  readonly folder: string;
  readonly source: string;
  readonly random: () => number;
  readonly place: Place;
  #generation = 0;
  #kills = 0;

  constructor(folder: string, place: Place, laneSeed: number) {
    this.folder = folder;
    this.source = join(folder, 'source');
    this.random = seededRandom(laneSeed);
    this.place = place;
  }

  start(args: readonly string[]): StartedGatehouse {
    const { location, options } = this.place;
    return startGatehouse([...args, '-q', '-r', location, ...options], {
      env: { ...env, TMPDIR: this.folder },
    });
  }

  async finish(args: readonly string[]): Promise<void> {
    const result = await this.start(args).ended;
    expect(result, `${args[0]} after ${this.#kills} kills`).toMatchObject({ code: 0 });
    totals.finished += 1;
  }

  /** Writes about half of the files anew. */
  async change(): Promise<void> {
    await mkdir(this.source, { recursive: true });
    this.#generation += 1;
    for (let file = 0; file < fileCount; file++) {
      if (this.#generation > 1 && this.random() < 0.5) continue;
      const content = noise(fileBytes, Math.floor(this.random() * 256));
      content.writeUInt32LE(this.#generation, 0);
      for (let at = 4096; at < content.length; at += 4096)
        content.writeUInt32LE(file * 7919 + this.#generation, at);
      await writeFile(join(this.source, `file-${file}`), content);
    }
  }

  /** @returns false when it had ended before. */
  async kill(args: readonly string[]): Promise<boolean> {
    const run = this.start(args);
    await this.place.kill(run, this.random());
    const { code, stderr } = await run.ended;
    if (code !== null) expect({ code, stderr }).toMatchObject({ code: 0 });
    if (code !== null) return false;
    this.#kills += 1;
    totals.kills += 1;
    await this.expectWhole();
    if (this.#kills % stockEvery === 0) await this.stockCheck();
    return true;
  }

  async stockCheck(): Promise<void> {
    const args = ['--no-cache', '-r', this.place.stockLocation, 'check', '--read-data', '--no-lock'];
    const environment = { ...process.env, ...env, RESTIC_PASSWORD: testPassword };
    const { stdout } = await promisify(execFile)('restic', args, { env: environment });
    expect(stdout).toContain('no errors were found');
    totals.stockChecks += 1;
  }

  async expectWhole(): Promise<void> {
    await this.inRepository(async (repository) => {
      const { isSound, problems } = await check(repository, { noLock: true });
      expect(isSound, JSON.stringify(problems)).toBe(true);
    });
  }

  contents(): Promise<Contents> {
    return this.inRepository(async (repository) => {
      await repository.loadIndex();
      const blobs = new Map<string, string[]>();
      for (const { packId } of repository.indexedPacks()) {
        for (const { type, id } of repository.blobsOfPack(packId)) {
          const key = `${type} ${id}`;
          blobs.set(key, [...(blobs.get(key) ?? []), packId]);
        }
      }
      const orphans: string[] = [];
      const packs = new Map<string, number>();
      let orphanBytes = 0;
      for await (const { id, sizeBytes } of repository.listFiles('pack')) {
        packs.set(id, sizeBytes);
        if (repository.hasPack(id)) continue;
        orphans.push(id);
        orphanBytes += sizeBytes;
      }
      return { blobs, orphans, orphanBytes, packs };
    });
  }

  async inRepository<T>(
    work: (repository: Repository) => Promise<T>,
    how: 'init' | 'open' = 'open',
  ): Promise<T> {
    const { location, options } = this.place;
    const bucket = await openBucket(location, {
      clock: systemClock,
      region: 'us-east-1',
      ...(options[1] === undefined ? {} : { endpoint: options[1] }),
    });
    if (how === 'init') await bucket.prepare();
    const password = new Secret(testPassword);
    const common = { bucket, password, temporaryFolder: join(this.folder, 'spool'), clock: systemClock };
    const repository = await Repository[how]({ ...common, noLock: true, scryptCost: cheapScrypt });
    try {
      return await work(repository);
    } finally {
      await repository.close();
      await bucket.close();
    }
  }

  async expectRestored(): Promise<void> {
    const target = join(this.folder, 'out');
    await this.finish(['restore', 'latest', '--target', target]);
    expect(await compareTrees(this.source, join(target, this.source))).toEqual([]);
    await rm(target, { recursive: true });
  }
}

async function openLane(
  label: string,
  place: (folder: string) => Place | Promise<Place>,
  laneSeed: number,
): Promise<Lane> {
  const folder = await temporaryFolder(label);
  const lane = new Lane(folder, await place(folder), laneSeed);
  await lane.inRepository(async () => {}, 'init');
  await lane.change();
  await lane.place.measure(lane.start(['backup', lane.source, ...packing]));
  return lane;
}

/** Kills runs of `args` in chains, each followed by one that finishes. */
async function killInChains(
  lane: Lane,
  kills: number,
  between: { readonly prepare: () => Promise<void>; readonly args: readonly string[] },
  watchRun: (work: () => Promise<boolean>) => Promise<boolean> = (work) => work(),
): Promise<void> {
  for (let done = 0; done < Math.ceil(kills * share); ) {
    await between.prepare();
    for (let left = 1 + Math.floor(lane.random() * 4); left > 0; left--) {
      if (await watchRun(() => lane.kill(between.args))) done += 1;
      else break;
    }
    await watchRun(async () => {
      await lane.finish(between.args);
      return true;
    });
  }
}

/** Whatever the run did: no blob that an index named before lies in a pack that is new. */
function storingNothingTwice(lane: Lane): (work: () => Promise<boolean>) => Promise<boolean> {
  let before: Contents | undefined;
  return async (work) => {
    before ??= await lane.contents();
    const result = await work();
    const after = await lane.contents();
    // A repair of the index has named again what kills had left beside what was sent in its place.
    const known = before.blobs;
    const again = [...after.blobs].filter(([key, packs]) => packs.length > (known.get(key)?.length ?? 1));
    expect(again, 'blobs that are stored twice').toEqual([]);
    const left = after.orphans.filter((id) => !before?.orphans.includes(id)).length;
    totals.orphans += left;
    totals.most = Math.max(totals.most, left);
    totals.orphanBytes += after.orphanBytes - before.orphanBytes;
    for (const [id, sizeBytes] of after.packs) {
      if (before.packs.has(id)) continue;
      totals.sentPacks += 1;
      totals.sentBytes += sizeBytes;
    }
    before = after;
    return result;
  };
}

async function backups(lane: Lane, kills: number): Promise<void> {
  const args = ['backup', lane.source, ...packing];
  await killInChains(lane, kills, { prepare: () => lane.change(), args }, storingNothingTwice(lane));
  await lane.stockCheck();
  await lane.expectRestored();
}

async function prunes(lane: Lane, kills: number): Promise<void> {
  const backUp = async () => {
    await lane.change();
    await lane.finish(['backup', lane.source, ...packing]);
  };
  await backUp();
  await lane.place.measure(lane.start(['forget', ...keepLast]));
  await killInChains(lane, kills, { prepare: backUp, args: ['forget', ...keepLast] });
  await lane.finish(['prune', '--max-unused', '0']);
  expect((await lane.contents()).orphans).toEqual([]);
  await lane.stockCheck();
  await lane.expectRestored();
}

async function repairs(lane: Lane, kills: number): Promise<void> {
  const args = ['repair', 'index', '--read-all-packs'];
  await lane.place.measure(lane.start(args));
  await killInChains(lane, kills, { prepare: async () => {}, args });
  await lane.stockCheck();
  await lane.expectRestored();
}

async function copies(lane: Lane, kills: number): Promise<void> {
  const from = await openLane('copied', (folder) => new FolderPlace(join(folder, 'repository')), seed + 9);
  const args = ['copy', '--from-repo', from.place.location, ...packing];
  const backUp = async () => {
    await from.change();
    await from.finish(['backup', from.source, ...packing]);
  };
  await lane.place.measure(lane.start(args));
  await killInChains(lane, kills, { prepare: backUp, args }, storingNothingTwice(lane));
  await lane.stockCheck();
}

const inFolder = (folder: string) => new FolderPlace(join(folder, 'repository'));

test.skipIf(skip !== undefined)(
  `kills leave repositories whole, and what was sent is not sent again (seed ${seed})${skip ? ` (${skip})` : ''}`,
  async () => {
    const start = performance.now();
    const lanes: (() => Promise<void>)[] = [
      async () => backups(await openLane('folder', inFolder, seed), 50),
      async () => {
        const lane = await openLane('folder', inFolder, seed + 1);
        await backups(lane, 40);
        await repairs(lane, 10);
        await copies(lane, 10);
      },
      async () => prunes(await openLane('folder', inFolder, seed + 2), 50),
      async () => {
        const lane = await openLane('bucket', () => BucketPlace.open(), seed + 3);
        await backups(lane, 25);
        await prunes(lane, 15);
      },
    ];
    const next = async (): Promise<void> => {
      const lane = lanes.shift();
      if (lane === undefined) return;
      await lane();
      await next();
    };
    await Promise.all(Array.from({ length: Math.min(4, availableParallelism() + 1) }, next));
    console.log(JSON.stringify({ ...totals, seconds: Math.round((performance.now() - start) / 1000) }));
    expect(totals.kills).toBeGreaterThanOrEqual(200 * share);
    // Kills met the work, and left no more than what was on its way: three uploads, and their index.
    expect(totals.orphans).toBeGreaterThan(0);
    expect(totals.most).toBeLessThanOrEqual(8);
  },
  900_000,
);
