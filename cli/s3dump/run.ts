/** `gatehouse s3dump`: does what the original's command line asks. */
import { hostname } from 'node:os';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { countOf } from '../../core/count.js';
import { Lifetimes } from '../../core/lifecycle.js';
import type { Bucket } from '../../gateway/bucket/bucket.js';
import type { Dump } from '../../gateway/s3dump/catalogue.js';
import type { Labels } from '../../gateway/s3dump/labels.js';
import type { Context } from '../context.js';
import { usageError } from '../exit-code.js';
import { formatBytes, formatTable } from '../terminal.js';
import type { S3dumpArguments, S3dumpFlags } from './arguments.js';
import { openSession, type Session } from './session.js';

type Verb = (session: Session, words: readonly string[]) => Promise<void>;

const verbs: Readonly<Record<string, { readonly words: number; readonly run: Verb }>> = {
  dump: { words: 2, run: dump },
  restore: { words: 2, run: restore },
  retrieve: { words: 2, run: restore },
  delete: { words: 2, run: remove },
  list: { words: 0, run: list },
  clean: { words: 1, run: clean },
  init: { words: 0, run: init },
  getacl: { words: 2, run: getacl },
  putacl: { words: 2, run: putacl },
};

export async function runS3dump(context: Context, { flags, words }: S3dumpArguments): Promise<void> {
  const [name = '', ...rest] = words;
  const verb = verbs[name];
  if (verb === undefined)
    throw usageError(name === '' ? 'Which command?' : `"${name}" is no command.`, seeHelp);
  // A literal key takes the place of the labels.
  const wanted = flags.key === undefined ? verb.words : Math.min(verb.words, name === 'clean' ? 1 : 0);
  if (rest.length !== wanted) throw usageError(`"${name}" takes ${wanted} more words.`, seeHelp);
  const lifetimes = new Lifetimes();
  try {
    await verb.run(await openSession(context, flags, lifetimes), rest);
  } finally {
    context.terminal.endProgress();
    await lifetimes.close();
  }
}

const seeHelp = 'See "gatehouse s3dump --help".';

async function dump(session: Session, words: readonly string[]): Promise<void> {
  const { context, bucket, flags } = session;
  const { storeDump } = await import('../../gateway/s3dump/transfer.js');
  const key = flags.key ?? (await newKey(session, words));
  const stop = await changeRateBySignals(session);
  try {
    const started = context.clock.monotonicMs();
    const bytes = await storeDump(bucket, key, process.stdin, { signal: context.signal });
    const seconds = (context.clock.monotonicMs() - started) / 1000;
    if (context.terminal.json) context.terminal.printJson({ message_type: 'summary', key, bytes, seconds });
    else context.terminal.note(`Stored ${formatBytes(bytes)} as ${key}.`);
  } finally {
    stop();
  }
}

async function newKey(
  { flags, context }: Session,
  [fs = '', level = '']: readonly string[],
): Promise<string> {
  const { checkDate, checkLabels, formatLabels, unguessable } = await import(
    '../../gateway/s3dump/labels.js'
  );
  const host = flags.host ?? thisHost();
  checkLabels({ host, fs, level });
  const now = new Date(context.clock.now());
  const day = flags.when ?? dayOf(now);
  checkDate(day);
  const date = flags['plain-names'] === true ? day : unguessable(day, timeOf(now));
  return formatLabels({ host, fs, level, date });
}

async function restore(session: Session, words: readonly string[]): Promise<void> {
  const { context, bucket, flags } = session;
  const { keysOf, newestOf, readCatalogue } = await import('../../gateway/s3dump/catalogue.js');
  const { readDump } = await import('../../gateway/s3dump/transfer.js');
  const { signal } = context;
  const keys =
    flags.key === undefined
      ? keysOf(newestOf(await readCatalogue(bucket, { signal }), labelsFrom(flags, words)))
      : [flags.key];
  context.terminal.note(
    `Restoring ${keys[0]}${keys.length > 1 ? ` and ${keys.length - 1} more pieces` : ''}.`,
  );
  const stop = await changeRateBySignals(session);
  try {
    await pipeline(readDump(bucket, keys, { signal }), standardOutput(), { signal });
  } finally {
    stop();
  }
}

/** Standard output must not be closed by a pipeline: other lines may follow. */
function standardOutput(): Writable {
  return new Writable({
    write: (piece: Buffer, _encoding, done) => void process.stdout.write(piece, (error) => done(error)),
  });
}

async function remove(session: Session, words: readonly string[]): Promise<void> {
  const { context, bucket, flags } = session;
  const { signal } = context;
  if (flags.key !== undefined) return bucket.delete(flags.key, { signal });
  const { dump, labels } = await theOne(session, words);
  await deletePieces(bucket, dump, signal);
  context.terminal.note(`Deleted ${labels}.`);
}

async function theOne(session: Session, words: readonly string[]): Promise<{ dump: Dump; labels: string }> {
  const { context, bucket, flags } = session;
  const { dumpsOf, readCatalogue } = await import('../../gateway/s3dump/catalogue.js');
  const { dumpAmbiguous, dumpUnknown } = await import('../../gateway/s3dump/errors.js');
  const { formatLabels } = await import('../../gateway/s3dump/labels.js');
  const date = flags.when ?? dayOf(new Date(context.clock.now()));
  const wanted = { ...labelsFrom(flags, words), date };
  const found = dumpsOf(await readCatalogue(bucket, { signal: context.signal }), wanted);
  const [only] = found;
  if (only === undefined) throw dumpUnknown(formatLabels(wanted));
  if (found.length > 1) {
    throw dumpAmbiguous(
      formatLabels(wanted),
      found.map(({ labels }) => labels.date),
    );
  }
  return { dump: only, labels: formatLabels(only.labels) };
}

/** From the last piece to the first: a deletion that stops half-way leaves a dump that is known as incomplete. */
async function deletePieces(bucket: Bucket, { pieces }: Dump, signal: AbortSignal): Promise<void> {
  for (const { key } of [...pieces].reverse()) await bucket.delete(key, { signal });
}

async function list({ context, bucket, keyFile }: Session): Promise<void> {
  const { readCatalogue } = await import('../../gateway/s3dump/catalogue.js');
  const { totalsOf } = await import('../../gateway/s3dump/prices.js');
  const { terminal, signal } = context;
  const catalogue = await readCatalogue(bucket, { signal });
  const totals = totalsOf(catalogue, keyFile.prices);
  if (terminal.json) {
    const dumps = catalogue.dumps.map(({ labels, layout, sizeBytes, pieces }) => ({
      ...labels,
      layout,
      bytes: sizeBytes,
      keys: pieces.map(({ key }) => key),
    }));
    const others = catalogue.others.map(({ key, sizeBytes }) => ({ key, bytes: sizeBytes }));
    return terminal.printJson({ dumps, others, total: totals });
  }
  const rows = catalogue.dumps.map(({ labels, sizeBytes }) => [
    labels.host,
    labels.fs,
    labels.level,
    labels.date,
    formatBytes(sizeBytes),
  ]);
  if (rows.length > 0) {
    for (const line of formatTable([['HOST', 'FILESYSTEM', 'LEVEL', 'DATE', 'SIZE'], ...rows]))
      terminal.print(line);
  }
  for (const { key, sizeBytes } of catalogue.others)
    terminal.print(`other: ${key}  ${formatBytes(sizeBytes)}`);
  const dollars = totals.dollarsPerMonth.toFixed(2);
  terminal.print(
    `${formatBytes(totals.bytes)} in ${countOf(totals.objects, 'object')}, about $${dollars} a month`,
  );
}

async function clean(session: Session, [count = '']: readonly string[]): Promise<void> {
  const { context, bucket, flags } = session;
  const { formatLabels } = await import('../../gateway/s3dump/labels.js');
  const { terminal, signal } = context;
  const old = await outdatedDumps(session, count);
  const isReal = flags.yes === true;
  for (const dump of old) {
    if (isReal) await deletePieces(bucket, dump, signal);
    const name = formatLabels(dump.labels);
    if (terminal.json)
      terminal.printJson({ message_type: isReal ? 'deleted' : 'outdated', name, ...dump.labels });
    else terminal.print(`${isReal ? 'deleted' : 'would delete'} ${name}`);
  }
  if (!isReal && old.length > 0) terminal.note('Nothing was deleted; add -y to do it.');
}

async function outdatedDumps({ context, bucket, flags }: Session, count: string): Promise<readonly Dump[]> {
  const keep = Number(count);
  if (!Number.isInteger(keep) || keep < 1) {
    throw usageError(`"${count}" is no number of dumps to keep.`, seeHelp);
  }
  const { outdated, readCatalogue } = await import('../../gateway/s3dump/catalogue.js');
  const host = flags.host ?? thisHost();
  const { dumps } = await readCatalogue(bucket, { signal: context.signal });
  return outdated(dumps, keep).filter(({ labels }) => flags.all === true || labels.host === host);
}

async function init({ context, bucket }: Session): Promise<void> {
  const { initBucket } = await import('../../gateway/s3dump/transfer.js');
  await initBucket(bucket, { signal: context.signal });
  context.terminal.note(`${bucket.location} works: written, read and deleted a test object.`);
}

async function getacl(session: Session, words: readonly string[]): Promise<void> {
  const { getAcl } = await import('../../gateway/s3dump/acl.js');
  const key = await existingKey(session, words);
  process.stdout.write(await getAcl(session.place, session.connection, key));
}

async function putacl(session: Session, words: readonly string[]): Promise<void> {
  const { putAcl } = await import('../../gateway/s3dump/acl.js');
  const key = await existingKey(session, words);
  await putAcl(session.place, session.connection, key, await textOf(process.stdin));
  session.context.terminal.note(`Set the access control list of ${key}.`);
}

async function existingKey(session: Session, words: readonly string[]): Promise<string> {
  if (session.flags.key !== undefined) return session.flags.key;
  const { dump } = await theOne(session, words);
  return dump.pieces[0]?.key ?? '';
}

async function textOf(stream: Readable): Promise<string> {
  let text = '';
  for await (const piece of stream.setEncoding('utf8')) text += piece;
  return text;
}

/** SIGUSR1 halves the rate, SIGUSR2 doubles it. @returns how to stop listening. */
async function changeRateBySignals({ limiter, context }: Session): Promise<() => void> {
  const { changedRate } = await import('../../gateway/s3dump/rate.js');
  const change = (factor: 0.5 | 2) => () => {
    const rate = changedRate(limiter.bytesPerSecond, factor);
    limiter.setRate(rate);
    context.terminal.note(
      rate === undefined ? 'No limit now.' : `At most ${formatBytes(rate)} a second now.`,
    );
  };
  const [halve, double] = [change(0.5), change(2)];
  process.on('SIGUSR1', halve).on('SIGUSR2', double);
  return () => void process.off('SIGUSR1', halve).off('SIGUSR2', double);
}

function labelsFrom(
  flags: S3dumpFlags,
  [fs = '', level = '']: readonly string[],
): Omit<Labels, 'date'> & {
  readonly date?: string;
} {
  const date = flags.when === undefined ? {} : { date: flags.when };
  return { host: flags.host ?? thisHost(), fs, level, ...date };
}

function thisHost(): string {
  return hostname().split('.')[0] ?? '';
}

/** Local time, as a person dates a tape. */
function dayOf(time: Date): string {
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}

function timeOf(time: Date): string {
  return `${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
