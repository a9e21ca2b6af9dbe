/** `gatehouse ls URL`: what is in a bucket. */
import { countOf } from '../core/count.js';
import { opening } from '../core/lifecycle.js';
import type { CallOptions } from '../gateway/bucket/bucket.js';
import type { OpenOperand } from '../gateway/commands/copy-plan.js';
import type { Context } from './context.js';
import { type ObjectFlags, openOperands } from './object-operands.js';
import { formatBytes } from './terminal.js';

export interface BucketListingFlags extends ObjectFlags {
  readonly long?: boolean;
  readonly recursive?: boolean;
}

interface Listed {
  readonly url: string;
  /** Undefined for a folder. */
  readonly sizeBytes?: number;
  readonly modifiedMs?: number;
  readonly storageClass?: string;
}

/** One level, or with `recursive` everything below. @throws NOTHING_MATCHES. */
export async function listBucket(context: Context, url: string, flags: BucketListingFlags): Promise<void> {
  const { signal, log } = context;
  await opening(async (lifetimes) => {
    try {
      const [operand] = await openOperands(context, lifetimes, [url], flags);
      if (operand === undefined) return;
      const totals = { objects: 0, bytes: 0 };
      for await (const listed of entries(operand, flags.recursive ?? false, { signal })) {
        if (listed.sizeBytes !== undefined) totals.objects += 1;
        totals.bytes += listed.sizeBytes ?? 0;
        show(context, listed, flags.long ?? false);
      }
      if (flags.long)
        context.terminal.note(`${countOf(totals.objects, 'object')}, ${formatBytes(totals.bytes)}`);
    } finally {
      await lifetimes.close();
    }
  }, log);
}

function show({ terminal }: Context, listed: Listed, long: boolean): void {
  if (terminal.json) terminal.printJson(jsonOf(listed));
  else terminal.print(long ? longLine(listed) : listed.url);
}

async function* entries(
  operand: OpenOperand,
  recursive: boolean,
  options: CallOptions,
): AsyncGenerator<Listed> {
  const { findObjects } = await import('../gateway/commands/object-match.js');
  const { nothingMatches } = await import('../gateway/commands/object-errors.js');
  const { urlOf } = await import('../gateway/bucket/operand.js');
  const folders = new Set<string>();
  let found = operand.path === '';
  for await (const entry of findObjects(operand.bucket, operand, true, options)) {
    found = true;
    const slash = entry.inside?.indexOf('/') ?? -1;
    if (recursive || slash < 0) {
      yield { ...entry, url: urlOf(operand.store, entry.key) };
      continue;
    }
    const folder = entry.key.slice(0, entry.key.length - (entry.inside?.length ?? 0) + slash);
    if (folders.has(folder)) continue;
    folders.add(folder);
    yield { url: `${urlOf(operand.store, folder)}/` };
  }
  if (!found) throw nothingMatches(operand.text);
}

function jsonOf({ url, sizeBytes, modifiedMs, storageClass }: Listed) {
  if (sizeBytes === undefined) return { message_type: 'folder', url };
  const modified = modifiedMs === undefined ? null : new Date(modifiedMs).toISOString();
  return { message_type: 'object', url, size: sizeBytes, modified, storage_class: storageClass ?? null };
}

function longLine({ url, sizeBytes, modifiedMs, storageClass = '' }: Listed): string {
  const time =
    modifiedMs === undefined ? '' : new Date(modifiedMs).toISOString().slice(0, 19).replace('T', ' ');
  return `${String(sizeBytes ?? '').padStart(14)}  ${time.padEnd(19)}  ${storageClass.padEnd(12)}  ${url}`;
}
