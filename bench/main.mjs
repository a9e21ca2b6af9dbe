/**
 * `npm run bench [press] [api] [ingest [part ...] [--seconds n]] [backup [data set ...]] [memory] [flash [hours]] [index [blobs]] [prune [blobs]]`: figures as ratios against a peer of the same run.
 * Absolute times depend on the machine; the ratios are the claim. A missing peer is said, not hidden.
 */
import { apiBench } from './api.mjs';
import { backupBench } from './backup/main.mjs';
import { flashBench } from './flash.mjs';
import { indexBench } from './index.mjs';
import { ingestBench } from './ingest/main.mjs';
import { memoryBench } from './memory.mjs';
import { pressBench } from './press.mjs';
import { pruneBench } from './prune.mjs';

const benches = {
  press: pressBench,
  api: apiBench,
  ingest: ingestBench,
  backup: backupBench,
  memory: memoryBench,
  flash: flashBench,
  index: indexBench,
  prune: pruneBench,
};
const [name, ...rest] = process.argv.slice(2);
if (name !== undefined && !(name in benches)) {
  process.stderr.write(`There is no bench "${name}". There are: ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}
for (const chosen of name === undefined ? ['press', 'backup'] : [name]) {
  process.stdout.write(`\n== ${chosen}\n`);
  await benches[chosen](rest);
}
