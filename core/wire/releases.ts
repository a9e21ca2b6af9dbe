/**
 * Releases in the HTTP API.
 *
 *   PUT    /artifacts/SHA256     the artifact itself
 *   POST   /releases             PublishRelease
 *   GET    /releases             ReleaseView[], newest first
 *
 * Devices read `GET /artifacts/SHA256` at the root, without a token and with ranges (RFC 9110).
 */
import { z } from 'zod';
import { signedRelease } from './update.js';

export const publishRelease = z.strictObject({
  release: signedRelease,
  /** Where the artifact is, when it is not kept by the backend. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(4_096)
    .optional(),
});
export type PublishRelease = z.infer<typeof publishRelease>;

export const releaseView = z.object({
  release: signedRelease,
  url: z.string(),
  publishedAt: z.iso.datetime({ offset: false }),
});
export type ReleaseView = z.infer<typeof releaseView>;
