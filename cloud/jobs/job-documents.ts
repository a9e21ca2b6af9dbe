/**
 * Job documents between their maker and devices: placeholders are proven when a job is made, and become
 * presigned URLs each time a device is handed the document. What is stored and shown keeps them.
 */
import type { JsonObject } from '../../core/json.js';
import { placeholdersIn, type S3Object, withUrls } from '../../core/wire/s3-placeholder.js';
import { documentInvalid } from './errors.js';
import type { JobDocument } from './executions.js';

/** A URL that reads the object for so many seconds. */
export type Presign = (object: S3Object, seconds: number) => Promise<string>;

/** Each makes the document longer by about a kilobyte, and an MQTT message has 128. */
const maxPlaceholders = 50;

export class JobDocuments {
  readonly #presign: Presign;

  constructor(presign: Presign) {
    this.#presign = presign;
  }

  /** @throws JOB_DOCUMENT_INVALID, and what `presign` throws. */
  async check(document: JobDocument): Promise<void> {
    const found = placeholdersIn(document.content);
    for (const { path, text, object } of found) {
      if ('fault' in object) throw documentInvalid(path, text, object.fault);
    }
    const last = found[maxPlaceholders];
    if (last !== undefined)
      throw documentInvalid(last.path, last.text, `it is one more than ${maxPlaceholders}`);
    await this.handOut(document);
  }

  /** What a device gets. @throws what `presign` throws. */
  async handOut({ content, urlSeconds }: JobDocument): Promise<JsonObject> {
    const urls = new Map<string, string>();
    for (const { text, object } of placeholdersIn(content)) {
      if ('fault' in object || urls.has(text)) continue;
      urls.set(text, await this.#presign(object, urlSeconds));
    }
    return urls.size === 0 ? content : (withUrls(content, urls) as JsonObject);
  }
}
