/** Which boot of the machine this is, and how long it has been up: the two that no clock setting changes. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Boot {
  /** The kernel's random id of this boot. */
  readonly id: string;
  readonly uptimeMs: number;
}

/** Undefined where the kernel does not tell (not Linux). */
export async function readBoot(procRoot = '/proc'): Promise<Boot | undefined> {
  try {
    const id = await readFile(join(procRoot, 'sys/kernel/random/boot_id'), 'utf8');
    const uptime = await readFile(join(procRoot, 'uptime'), 'utf8');
    return { id: id.trim(), uptimeMs: Number.parseFloat(uptime) * 1_000 };
  } catch {
    return undefined;
  }
}
