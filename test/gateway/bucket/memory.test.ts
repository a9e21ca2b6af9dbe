import { bucketContract } from '../../contracts/bucket.js';
import { MemoryBucket } from '../../support/memory-bucket.js';

bucketContract({
  name: 'a bucket in memory',
  open: async () => new MemoryBucket(),
  canBeUnknown: false,
});
