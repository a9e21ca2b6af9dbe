/** Findings about the machine itself: Node, free disk, the clock, ports. */
import { mkdir, readFile, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { systemCode } from '../../core/errors.js';
import { runTool } from '../run-tool.js';
import { formatBytes } from '../terminal.js';
import type { Finding } from './finding.js';

const mib = 1024 * 1024;
const scarceBytes = 200 * mib;
const lowBytes = 1024 * mib;

export function checkNode(nodeVersion: string): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  const base = { id: 'node', title: 'Node.js', detail: `${nodeVersion} (${process.arch})` };
  if (!fits)
    return { ...base, status: 'problem', remedy: 'Install Node.js 20.19 or newer: see docs/install.md.' };
  return { ...base, status: 'ok' };
}

export async function checkDisk(directory: string): Promise<Finding> {
  await mkdir(directory, { recursive: true }).catch(() => {});
  const base = { id: 'disk', title: 'Free disk' };
  try {
    const stats = await statfs(directory);
    const free = stats.bavail * stats.bsize;
    const detail = `${formatBytes(free)} free in ${directory}`;
    if (free >= lowBytes) return { ...base, detail, status: 'ok' };
    const status = free < scarceBytes ? 'problem' : 'missing';
    return { ...base, detail, status, remedy: 'Free some space, or point --data to a larger disk.' };
  } catch (error) {
    const detail = `${directory}: ${systemCode(error) ?? 'unreadable'}`;
    return {
      ...base,
      detail,
      status: 'problem',
      remedy: 'Choose a directory that this user may write, with --data.',
    };
  }
}

/** Years before this one mean a clock that was never set: boards without a battery begin in 1970. */
const earliestYear = 2025;

export async function checkClock(nowMs: number): Promise<Finding> {
  const base = { id: 'clock', title: 'Clock' };
  const remedy = 'Switch on time synchronisation: sudo timedatectl set-ntp true';
  const now = new Date(nowMs);
  if (now.getUTCFullYear() < earliestYear) {
    return { ...base, status: 'problem', detail: `far off: ${now.toISOString()}`, remedy };
  }
  const synced = await readSynchronised();
  if (synced === 'yes') return { ...base, status: 'ok', detail: 'synchronised' };
  if (synced === 'no') return { ...base, status: 'missing', detail: 'not synchronised', remedy };
  return { ...base, status: 'missing', detail: 'cannot tell whether it is synchronised', remedy };
}

async function readSynchronised(): Promise<'yes' | 'no' | 'unknown'> {
  const flag = await readFile('/run/systemd/timesync/synchronized', 'utf8').then(
    () => true,
    () => false,
  );
  if (flag) return 'yes';
  const answer = await runTool(['timedatectl', 'show', '--property=NTPSynchronized', '--value']).catch(
    () => '',
  );
  return answer.trim() === 'yes' || answer.trim() === 'no' ? (answer.trim() as 'yes' | 'no') : 'unknown';
}

export async function checkPort(port: number, purpose: string, option: string): Promise<Finding> {
  const base = { id: `port.${port}`, title: `Port ${port}` };
  const failure = await tryListen(port);
  if (failure === undefined) return { ...base, status: 'ok', detail: `free, for ${purpose}` };
  if (failure === 'EADDRINUSE') {
    const detail = `taken; wanted for ${purpose}`;
    const remedy = `If that is a Gatehouse that already runs, all is well; else choose another with ${option}.`;
    return { ...base, status: 'missing', detail, remedy };
  }
  return {
    ...base,
    status: 'problem',
    detail: `cannot be used: ${failure}`,
    remedy: `Choose another with ${option}.`,
  };
}

function tryListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(systemCode(error) ?? 'unknown'));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(undefined)));
  });
}
