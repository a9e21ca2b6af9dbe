/**
 * `npm run bench [press] [backup] [memory]`: figures as ratios against a peer of the same run.
 * Absolute times depend on the machine; the ratios are the claim. A missing peer is said, not hidden.
 */
import { backupBench } from './backup.mjs';
import { memoryBench } from './memory.mjs';
import { pressBench } from './press.mjs';

const benches = { press: pressBench, backup: backupBench, memory: memoryBench };
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench "${unknown[0]}". There are: ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : ['press', 'backup']) {
  process.stdout.write(`\n== ${name}\n`);
  await benches[name]();
}
