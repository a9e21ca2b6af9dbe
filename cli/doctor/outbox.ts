/** Finding about the agent's outbox on this machine: what waits, and what was dropped. */
import { join } from 'node:path';
import { countOf } from '../../core/count.js';
import { messageOf } from '../../core/errors.js';
import { formatBytes } from '../terminal.js';
import type { Finding } from './finding.js';

/** Undefined where no agent has run. */
export async function checkOutbox(dataDirectory: string): Promise<Finding | undefined> {
  const base = { id: 'outbox', title: 'Outbox of the agent' };
  try {
    const { inspectOutbox } = await import('../../device/outbox-report.js');
    const totals = await inspectOutbox(join(dataDirectory, 'agent', 'outbox.db'));
    if (totals === undefined) return undefined;
    const { rows, clicks, sizeBytes, dropped } = totals;
    const waiting = `${countOf(rows, 'message waits', 'messages wait')} (${countOf(clicks, 'press', 'presses')}, ${formatBytes(sizeBytes)})`;
    if (dropped === 0) return { ...base, status: 'ok', detail: `${waiting}, none was ever dropped` };
    return {
      ...base,
      status: 'missing',
      detail: `${waiting}; ${countOf(dropped, 'reading was', 'readings were')} dropped for room or age`,
      remedy: 'Raise outbox.maxRows, outbox.maxBytes or outbox.maxAgeMs, or mend the connection.',
    };
  } catch (error) {
    const remedy = 'Look at the disk; the agent goes on without what it cannot write.';
    return { ...base, status: 'problem', detail: messageOf(error), remedy };
  }
}
