/** `ETag` and `If-Match`: a change names the version that it was made from, so that no change is lost. */
import type { Context } from 'hono';
import { preconditionRequired, requestInvalid } from './errors.js';

export function setVersion(c: Context, { version }: { readonly version: number }): void {
  c.header('ETag', `"${version}"`);
}

/**
 * The version that a change was made from; undefined for `If-Match: *`, whatever it is at.
 * @throws PRECONDITION_REQUIRED, REQUEST_INVALID
 */
export function expectedVersion(c: Context): number | undefined {
  const text = c.req.header('if-match');
  if (text === undefined) throw preconditionRequired();
  if (text.trim() === '*') return undefined;
  const version = /^\s*"(\d{1,15})"\s*$/.exec(text)?.[1];
  if (version === undefined) throw requestInvalid('If-Match is no ETag of ours');
  return Number(version);
}
