// Writes objects to a directory bucket as fast as it takes them, the same key again and again and new
// ones too, and prints the number of each acknowledged one. Run by a test that kills it. Uses the
// compiled library.
import { writeSync } from 'node:fs';
import { systemClock } from '../../dist/core/clock.js';
import { DirectoryBucket } from '../../dist/gateway/bucket/directory.js';

const bucket = new DirectoryBucket(process.argv[2], { clock: systemClock });
await bucket.prepare();
for (let number = 1; ; number++) {
  const content = Buffer.alloc(300_000, number % 251);
  await bucket.put('same', content);
  await bucket.put(`data/${number % 7}/${number}`, content);
  writeSync(1, `${number}\n`);
}
