/** Every parser of the gateway as a trial for `fuzz.ts`, with valid samples for the mutations. */
import { randomBytes } from 'node:crypto';
import { silentLogger } from '../../core/log.js';
import { parseLocation } from '../../gateway/bucket/location.js';
import { keyTest, parseOperand } from '../../gateway/bucket/operand.js';
import { listedNode } from '../../gateway/commands/listed-node.js';
import { fromLossless, toLossless } from '../../gateway/files/path-bytes.js';
import { rawPaths, verbatimPaths } from '../../gateway/files/path-lists.js';
import { compilePatterns, patternsOfFile } from '../../gateway/files/patterns.js';
import { CompactBlobIndex } from '../../gateway/repository/blob-index.js';
import { openBlob } from '../../gateway/repository/blob-opener.js';
import { loadConfig } from '../../gateway/repository/config.js';
import { randomKeyMaterial, Sealer } from '../../gateway/repository/crypto.js';
import { loadIndexFiles } from '../../gateway/repository/index-loader.js';
import { createKeyFile, openKeyFile } from '../../gateway/repository/keys.js';
import { configKey, keyOf, sha256Hex } from '../../gateway/repository/layout.js';
import { isStale, readLock, thisProcess } from '../../gateway/repository/lock-files.js';
import { encodePackEnd, readPackHeader } from '../../gateway/repository/pack-format.js';
import { UnpackedFiles } from '../../gateway/repository/unpacked.js';
import { loadZstd } from '../../gateway/repository/zstd.js';
import { parseAddress } from '../../gateway/rest/address.js';
import { parseRange } from '../../gateway/rest/byte-range.js';
import { parseGrouping } from '../../gateway/retention/grouping.js';
import { parseKeepDuration } from '../../gateway/retention/policy.js';
import { parseDuration } from '../../gateway/schedule/duration.js';
import { parseWhen } from '../../gateway/schedule/when.js';
import { parseRate } from '../../gateway/throttle/rate.js';
import { quoteName, unquoteName } from '../../gateway/tree/go-quote.js';
import { formatTime, parseTime } from '../../gateway/tree/go-time.js';
import { decodeSnapshot, encodeSnapshot } from '../../gateway/tree/snapshot.js';
import { decodeTree, encodeTree } from '../../gateway/tree/tree.js';
import type { Fuzz, Trial } from './fuzz.js';
import { MemoryBucket } from './memory-bucket.js';
import { RushingClock } from './rushing-clock.js';

const id = 'ab'.repeat(32);
const sealer = new Sealer(randomKeyMaterial());

const treeSample = {
  nodes: [
    {
      name: 'a\\xff\\u00a0',
      type: 'file',
      mode: 420,
      mtime: '2026-01-02T03:04:05.123456789+02:00',
      atime: '2026-01-02T03:04:05Z',
      ctime: '2026-01-02T03:04:05Z',
      uid: 0,
      gid: 1000,
      user: 'root',
      group: 'me',
      inode: 12345,
      device_id: 7,
      size: 5,
      links: 2,
      content: [id, id],
      extended_attributes: [{ name: 'user.x', value: 'AAEC' }],
      generic_attributes: { 'windows.creation_time': 'AAEC', deep: { deeper: [1] } },
    },
    {
      name: 'l',
      type: 'symlink',
      mode: 134218239,
      linktarget: 'x',
      linktarget_raw: '/w==',
      mtime: '2026-01-02T03:04:05Z',
      content: null,
    },
    { name: 'z', type: 'dir', mode: 2147484141, subtree: id, device: 3, error: 'no' },
  ],
}; // prettier-ignore

const snapshotSample = {
  time: '2026-01-02T03:04:05.5-07:00',
  parent: id,
  tree: id,
  paths: ['/a'],
  hostname: 'h',
  username: 'u',
  uid: 1,
  gid: 2,
  excludes: ['*.o'],
  tags: ['t'],
  original: id,
  program_version: 'restic 0.14',
  summary: {
    backup_start: '2026-01-02T03:04:05Z',
    backup_end: '2026-01-02T03:04:05Z',
    files_new: 1,
    data_added: 5,
  },
}; // prettier-ignore

const indexSample = {
  supersedes: [id],
  packs: [
    {
      id,
      blobs: [
        { id, type: 'data', offset: 0, length: 38, uncompressed_length: 50 },
        { id: 'cd'.repeat(32), type: 'tree', offset: 38, length: 60 },
      ],
    },
  ],
}; // prettier-ignore

const configSample = { version: 2, id, chunker_polynomial: '25b468838dcb75' };
const lockSample = {
  time: '2026-01-02T03:04:05Z',
  exclusive: false,
  hostname: 'h',
  username: 'u',
  pid: 77,
  uid: 1,
  gid: 1,
};

function textTrial(name: string, samples: readonly string[], parse: (text: string) => unknown): Trial {
  return {
    name,
    next(fuzz) {
      const input = fuzz.text(samples);
      return { input, run: () => parse(input) };
    },
  };
}

function jsonTrial(name: string, sample: unknown, parse: (json: Buffer) => unknown): Trial {
  return {
    name,
    next(fuzz) {
      const input = fuzz.json(sample);
      return { input, run: () => parse(input) };
    },
  };
}

/** A file as its writer seals it, compressed or not; the reader knows the key, so does this fuzzer. */
async function sealedFile(
  kind: 'index' | 'snapshot' | 'lock',
  json: Buffer,
): Promise<{ files: UnpackedFiles; fileId: string }> {
  const bucket = new MemoryBucket();
  const isFrame = json.length % 2 === 0;
  const plain = isFrame ? Buffer.concat([Buffer.of(2), await (await loadZstd()).compress(json)]) : json;
  const sealed = sealer.seal(plain);
  const fileId = sha256Hex(sealed);
  bucket.objects.set(keyOf(kind, fileId), sealed);
  return { files: new UnpackedFiles(bucket, sealer, 2), fileId };
}

async function readConfig(json: Buffer): Promise<unknown> {
  const bucket = new MemoryBucket();
  bucket.objects.set(configKey, sealer.seal(json));
  return loadConfig(bucket, sealer);
}

async function readLockFile(json: Buffer): Promise<unknown> {
  const { files, fileId } = await sealedFile('lock', json);
  const clock = new RushingClock();
  const context = { files, clock, log: silentLogger, holder: thisProcess() };
  const lock = await readLock(context, fileId);
  return lock && isStale(context, lock);
}

async function readIndex(json: Buffer): Promise<unknown> {
  const { files } = await sealedFile('index', json);
  const index = new CompactBlobIndex();
  try {
    await loadIndexFiles(files, 2, index);
    for (const { packId } of index.packs()) index.blobsOfPack(packId);
    return index.find('data', id);
  } finally {
    await index.close();
  }
}

function readTree(json: Uint8Array): unknown {
  const nodes = decodeTree(json);
  for (const node of nodes) listedNode(fromLossless(toLossless(node.name)), node);
  return encodeTree(nodes);
}

async function keySample(): Promise<object> {
  const bucket = new MemoryBucket();
  const cost = { n: 1024, r: 8, p: 1 };
  await createKeyFile({
    bucket,
    password: 'p',
    master: randomKeyMaterial(),
    cost,
    holder: thisProcess(),
    nowMs: 0,
  });
  return JSON.parse(String([...bucket.objects.values()][0])) as object;
}

/** Costs that take seconds by design are bounded by another limit, which has its own test. */
const costly = (json: Buffer) => !/"N":1024,"r":8,"p":1\b/.test(json.toString('latin1'));

const header: Trial = {
  name: 'pack header',
  next(fuzz) {
    const blobs = Array.from({ length: fuzz.below(20) }, () => ({
      type: fuzz.pick(['data', 'tree'] as const),
      id,
      offset: 0,
      length: fuzz.pick([0, 32, 1_000, 0xffffffff]),
      uncompressedLength: fuzz.pick([0, 1, 0xffffffff]),
    }));
    const end = encodePackEnd(blobs, sealer);
    const plain = sealer.open(end.subarray(0, -4)) ?? Buffer.alloc(0);
    const sealed = sealer.seal(fuzz.bytes(plain));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(sealed.length);
    const whole = Buffer.concat([Buffer.alloc(fuzz.below(2_000)), sealed, length]);
    const input = fuzz.below(3) === 0 ? fuzz.bytes(whole) : whole;
    const read = async (offset: number, size: number) => input.subarray(offset, offset + size);
    const size = fuzz.below(8) === 0 ? fuzz.pick([0, 40, input.length + 1]) : input.length;
    return { input, run: () => readPackHeader(id, size, sealer, read) };
  },
};

/** RLE blocks: four bytes of input stand for 128 KiB. RFC 8878, 3.1.1.2. */
function bomb(fuzz: Fuzz): Buffer {
  const block = Buffer.alloc(4);
  block.writeUIntLE((128 * 1024 * 8) | 2, 0, 3);
  const blocks = Buffer.concat(Array.from({ length: fuzz.below(20_000) + 1 }, () => block));
  blocks[blocks.length - 4] = (blocks[blocks.length - 4] as number) | 1;
  // No content size, a window of 1 MiB; or a content size that is a lie.
  const lie = Buffer.alloc(8);
  lie.writeUInt32LE(fuzz.pick([0, 1_000, 0xffffffff]));
  const head = fuzz.pick([
    Buffer.of(0, 0x50),
    Buffer.concat([Buffer.of(0xc0, 0x50), lie]),
    Buffer.of(0, 0xf8),
  ]);
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd), head, blocks]);
}

const frames = Promise.all(
  [Buffer.alloc(200_000), randomBytes(5_000), Buffer.from('text '.repeat(3_000)), Buffer.alloc(0)].map(
    async (plain) => Buffer.from(await (await loadZstd()).compress(plain)),
  ),
);

const frame: Trial = {
  name: 'zstd frame',
  next(fuzz) {
    const isBomb = fuzz.below(4) === 0;
    const limit = fuzz.pick([0, 1, 1_000, 200_000, 4 * 2 ** 20]);
    const made = isBomb ? bomb(fuzz) : undefined;
    const choice = fuzz.below(4);
    const seed = fuzz.below(2 ** 31);
    return {
      input: made ?? `sample ${choice}, seed ${seed}`,
      run: async () => {
        const sample = (await frames)[choice] ?? Buffer.alloc(0);
        const bytes = made ?? new (fuzz.constructor as new (seed: number) => Fuzz)(seed).bytes(sample);
        return openBlob(sealer, { type: 'data', id, uncompressedLength: limit }, sealer.seal(bytes));
      },
    };
  },
};

function matchAll(text: string): unknown {
  const list = compilePatterns(text.split('\n'), text.length % 2 === 0);
  const components = ['a', 'b\udcff', 'aaaaaaaaaaaaaaaaaaaaaaaa', 'c.txt', 'é'];
  list.inFolder(components)('name');
  return list.match([...components, ...components, ...components]);
}

export async function allTrials(): Promise<Trial[]> {
  const key = await keySample();
  return [
    jsonTrial('tree', treeSample, readTree),
    jsonTrial('tree of a deep node', { nodes: [{ generic_attributes: { a: { b: { c: 1 } } } }] }, readTree),
    jsonTrial('snapshot', snapshotSample, (json) => encodeSnapshot(decodeSnapshot(id, json))),
    jsonTrial('index', indexSample, readIndex),
    jsonTrial('index in our own form', { packs: indexSample.packs }, readIndex),
    jsonTrial('config', configSample, readConfig),
    jsonTrial('lock', lockSample, readLockFile),
    jsonTrial('key', key, (json) => (costly(json) ? undefined : openKeyFile(json, 'p'))),
    header,
    frame,
    textTrial(
      'location',
      ['s3://b/p', 's3:https://h:1/b/p', 'gs://b', 'b2://b/x', 'file:///a/b', '/a', 's3:h/b'],
      parseLocation,
    ),
    textTrial(
      'operand',
      ['s3://b/p*/**.txt', 'file:///a/[x]', 'gs://b/?/{a,b}', '/**a*a*a*a*a*a*a*a*a*a*a*a*b'],
      (text) => {
        const key = 'a/b/c/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.txt';
        return keyTest(text)(key) || keyTest(parseOperand(text).path)(key);
      },
    ),
    textTrial(
      'patterns',
      ['*.o', '/a/**/b', '!x[^a-c]?', 'a/../b', '**/**/a', '\\*\n[a-z]*', '*a*a*a*a*b'],
      matchAll,
    ),
    textTrial('pattern file', ['# x\n$HOME/a\n$X\n$$', '\ufeff *.o \r\n'], (text) =>
      patternsOfFile(text, { HOME: '/h' }),
    ),
    textTrial('path lists', ['a\0b\0', 'a\nb\r\n'], (text) => {
      verbatimPaths(Buffer.from(text));
      return rawPaths(Buffer.from(text));
    }),
    textTrial('rate', ['300k', '2M', '1.5G', '500'], parseRate),
    textTrial('duration', ['5m', '1h30m', '2d'], parseDuration),
    textTrial(
      'timetable',
      [
        '*/5 1-3 * * 1,2',
        'Mon..Fri 02:30',
        'daily 02:30',
        '15m',
        '@daily',
        'Sat *-*-1..7 18:00:00 Europe/Berlin',
        '0 0 31 2 *',
      ],
      (text) => parseWhen(text, 'UTC').next(1_800_000_000_000, undefined),
    ),
    textTrial('grouping', ['host,paths', 'tags'], parseGrouping),
    textTrial('keep duration', ['1y5m7d2h', '3d'], parseKeepDuration),
    textTrial('quoted name', ['a\\xff\\u00a0\\U0001fae8\\n\\"', 'é\\a\\777'], (text) =>
      quoteName(unquoteName(text)),
    ),
    textTrial('time', ['2026-01-02T03:04:05.123456789+02:00', '0001-01-01T00:00:00Z'], (text) => {
      const ns = parseTime(text);
      return ns === undefined ? undefined : formatTime(ns, 3_600);
    }),
    textTrial('address', [`/user/data/${id}`, '/a/b/config', '/keys/', `/x/locks/${id}`], parseAddress),
    textTrial('range', ['bytes=0-5', 'bytes=-7', 'bytes=5-'], (text) => parseRange(text, 1_000)),
  ];
}
