/**
 * Opaque tokens for the next page. A token holds where the page before ended, sealed to the listing
 * that gave it out: with other parameters, or made up, it is refused. Any page size fits.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { pageUnknown } from './errors.js';

const macBytes = 16;

export class PageTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** @param query what tells this listing from every other: operation and filters. */
  make(query: readonly string[], lastOfPage: string): string {
    return Buffer.concat([this.#mac(query, lastOfPage), Buffer.from(lastOfPage, 'utf8')]).toString(
      'base64url',
    );
  }

  /** Where the page before ended. @throws ONECLICK_PAGE_UNKNOWN */
  read(query: readonly string[], token: string): string {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= macBytes || bytes.toString('base64url') !== token) throw pageUnknown();
    const lastOfPage = bytes.subarray(macBytes).toString('utf8');
    if (!timingSafeEqual(this.#mac(query, lastOfPage), bytes.subarray(0, macBytes))) throw pageUnknown();
    return lastOfPage;
  }

  #mac(query: readonly string[], lastOfPage: string): Buffer {
    return createHmac('sha256', this.#key)
      .update(JSON.stringify([...query, lastOfPage]), 'utf8')
      .digest()
      .subarray(0, macBytes);
  }
}
