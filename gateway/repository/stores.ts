/** What repairs work on directly; everything else goes through the repository's own methods. */
import type { Clock } from '../../core/clock.js';
import type { Bucket } from '../bucket/bucket.js';
import type { BlobIndex } from './blob-index.js';
import type { RepositoryConfig } from './config.js';
import type { Sealer } from './crypto.js';
import type { UnpackedFiles } from './unpacked.js';

export interface RepositoryStores {
  readonly config: RepositoryConfig;
  readonly bucket: Bucket;
  readonly clock: Clock;
  readonly sealer: Sealer;
  readonly files: UnpackedFiles;
  readonly index: BlobIndex;
}
