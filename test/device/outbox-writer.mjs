/**
 * Child process of the outbox tests: appends and removes without end and tells each commit on a
 * line of its own, until it is killed. Runs the built files, as the agent does.
 */
import { systemClock } from '../../dist/core/clock.js';
import { silentLogger } from '../../dist/core/log.js';
import { Outbox } from '../../dist/device/outbox.js';

const outbox = await Outbox.open({
  filePath: process.argv[2],
  clock: systemClock,
  log: silentLogger,
  maxRows: 10_000,
  maxBytes: 10_000_000,
  removeDelayMs: 5,
});
for (let n = 0; ; n++) {
  const kind = n % 3 === 0 ? 'click' : 'telemetry';
  const message = await outbox.append(kind, { n });
  process.stdout.write(`${JSON.stringify({ seq: message.seq, id: message.id })}\n`);
  if (n % 4 === 3) {
    outbox.remove([message]);
    process.stdout.write(`${JSON.stringify({ removed: message.seq })}\n`);
  }
}
