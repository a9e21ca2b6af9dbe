/**
 * Published releases, and the artifacts that are kept here: files named by their digest, which appear
 * when they are whole and proven. Whoever knows a digest may read the artifact; devices trust its
 * signature, not this store.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import { flushFolder, makePrivateFolder } from '../../core/files.js';
import type { ReleaseView } from '../../core/wire/releases.js';
import { placeholderObject, s3Uri } from '../../core/wire/s3-placeholder.js';
import type { SignedRelease } from '../../core/wire/update.js';
import { artifactDamaged, artifactMissing, releaseExists } from './errors.js';

export interface ReleaseStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** For artifacts alone. */
  readonly directory: string;
}

const maxArtifactBytes = 2 ** 31;

export class ReleaseStore {
  readonly #options: ReleaseStoreOptions;

  constructor(options: ReleaseStoreOptions) {
    this.#options = options;
  }

  /** @throws ARTIFACT_DAMAGED when it does not have that digest. */
  async upload(sha256: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { directory } = this.#options;
    await makePrivateFolder(directory);
    const aside = join(directory, `${sha256}.part`);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      await pipeline(
        body,
        async function* check(source: AsyncIterable<Uint8Array>) {
          for await (const chunk of source) {
            bytes += chunk.length;
            if (bytes > maxArtifactBytes) throw artifactDamaged('it is larger than 2 GiB');
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(aside, { mode: 0o600, flush: true }),
      );
      if (hash.digest('hex') !== sha256) throw artifactDamaged('its digest is another');
      await rename(aside, join(directory, sha256));
      await flushFolder(directory);
    } finally {
      await rm(aside, { force: true });
    }
  }

  /** Undefined when it is not kept here. */
  async sizeOf(sha256: string): Promise<number | undefined> {
    return stat(join(this.#options.directory, sha256)).then(
      ({ size }) => size,
      () => undefined,
    );
  }

  /** Bytes `from` to `to`, both included. */
  read(sha256: string, from: number, to: number): ReadableStream<Uint8Array> {
    const file = createReadStream(join(this.#options.directory, sha256), { start: from, end: to });
    return Readable.toWeb(file) as ReadableStream<Uint8Array>;
  }

  /**
   * The same release may be published again.
   * @param url as it goes into the job's document; undefined when the artifact is kept here.
   * @throws ARTIFACT_MISSING, RELEASE_EXISTS
   */
  async publish(release: SignedRelease, url: string | undefined): Promise<void> {
    const { database, clock } = this.#options;
    if (url === undefined && (await this.sizeOf(release.sha256)) !== release.sizeBytes) {
      throw artifactMissing(release.sha256);
    }
    await database.transaction(async (tx) => {
      const known = await tx.get<{ sha256: string }>('SELECT sha256 FROM release WHERE version = ?', [
        release.version,
      ]);
      if (known !== undefined && known.sha256 !== release.sha256) throw releaseExists(release.version);
      await tx.run(
        `INSERT INTO release (version, size_bytes, sha256, signature, url, published_ms) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (version) DO UPDATE SET signature = excluded.signature, url = excluded.url`,
        [release.version, release.sizeBytes, release.sha256, release.signature, url ?? null, clock.now()],
      );
    });
  }

  /** Newest first, at most 500. `baseUrl` is where devices reach this backend. */
  async list(baseUrl: string): Promise<ReleaseView[]> {
    const sql = 'SELECT * FROM release ORDER BY published_ms DESC, version LIMIT 500';
    return (await this.#options.database.all(sql)).map((row) => viewOf(row, baseUrl));
  }
}

function viewOf(row: SqlRow, baseUrl: string): ReleaseView {
  const sha256 = String(row['sha256']);
  const url = typeof row['url'] === 'string' ? row['url'] : undefined;
  const object = url === undefined ? undefined : placeholderObject(url);
  return {
    release: {
      version: String(row['version']),
      sizeBytes: Number(row['size_bytes']),
      sha256,
      signature: String(row['signature']),
    },
    url: url ?? `${baseUrl}/artifacts/${sha256}`,
    keptBy: url === undefined ? 'backend' : object === undefined ? 'elsewhere' : 'bucket',
    ...(object !== undefined && { object: s3Uri(object) }),
    publishedAt: new Date(Number(row['published_ms'])).toISOString(),
  };
}
