/**
 * One running instance per data directory. The lock is a file that names its holder by process id,
 * start time and boot, so that a lock left by `kill -9` or a power cut is recognised and replaced.
 */
import { createHash } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatehouseError, systemCode } from './errors.js';
import { makePrivateFolder } from './files.js';
import type { Closeable } from './lifecycle.js';

interface Holder {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks after boot; tells a reused process id apart. */
  readonly startTicks: string;
  readonly bootId: string;
}

const attempts = 5;

export class InstanceLock implements Closeable {
  readonly #filePath: string;
  #held = true;

  private constructor(filePath: string) {
    this.#filePath = filePath;
  }

  /** @throws ALREADY_RUNNING when a living process holds the directory. */
  static async acquire(directory: string, name: string): Promise<InstanceLock> {
    await makePrivateFolder(directory);
    const filePath = join(directory, `${name}.lock`);
    const mine = `${filePath}.${process.pid}`;
    await writeFile(mine, JSON.stringify(await describe(process.pid)), { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < attempts; attempt++) {
        if (await tryLink(mine, filePath)) return new InstanceLock(filePath);
        await removeIfStale(mine, filePath, directory);
      }
    } finally {
      await unlink(mine).catch(() => {});
    }
    throw alreadyRunning(directory, undefined);
  }

  async close(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await unlink(this.#filePath).catch(() => {});
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a lock whose holder is dead. Of several processes that found the same one, only the maker of
 * the marker named after its content may remove it, and looks again first: a slower process would
 * otherwise remove the lock that a faster one has put in its place.
 */
async function removeIfStale(mine: string, filePath: string, directory: string): Promise<void> {
  const content = await readIfThere(filePath);
  if (content === undefined) return;
  const holder = parseHolder(content);
  if (holder !== undefined && (await isAlive(holder))) throw alreadyRunning(directory, holder.pid);
  const marker = `${filePath}.${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
  if (!(await tryLink(mine, marker))) return removeIfStale(mine, marker, directory);
  try {
    if ((await readIfThere(filePath)) === content) await unlink(filePath);
  } finally {
    await unlink(marker).catch(() => {});
  }
}

async function readIfThere(filePath: string): Promise<string | undefined> {
  try {
    return await readFile(filePath, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(content: string): Holder | undefined {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return undefined;
  }
}

async function describe(pid: number): Promise<Holder> {
  return { pid, startTicks: (await readStat(pid))?.startTicks ?? '', bootId: await bootId() };
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (holder.bootId !== (await bootId())) return false;
  const stat = await readStat(holder.pid);
  if (stat === undefined) return respondsToSignal(holder.pid);
  return stat.startTicks === holder.startTicks && !ended.has(stat.state);
}

function respondsToSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}

/** A process that has ended and that nobody has waited for, as in containers without an init (proc(5)). */
const ended = new Set(['Z', 'X']);

async function readStat(pid: number): Promise<{ state: string; startTicks: string } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The command name in field 2 may hold spaces and brackets; fields are counted after its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

function alreadyRunning(directory: string, pid: number | undefined): GatehouseError {
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new GatehouseError('ALREADY_RUNNING', `Gatehouse already runs in ${directory} (${who}).`, {
    context: { directory, pid: pid ?? null },
    hint: 'Stop that one first, or give this one a directory of its own with --data.',
  });
}
