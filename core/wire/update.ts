/**
 * The document of an update job, and what a release's signature covers: version, size and digest, so
 * that neither can be given to another artifact.
 */
import { z } from 'zod';

export const updateOperation = 'update';

/** Also the name of a folder on the device. */
export const releaseVersion = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/, 'letters, digits and . _ + - only, 1 to 64 of them');

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What `gatehouse release sign` writes beside the artifact. */
export const signedRelease = z.object({
  version: releaseVersion,
  sizeBytes: z
    .int()
    .min(1)
    .max(2 ** 31),
  /** Of the artifact, lower-case hex. */
  sha256,
  /** Ed25519 (RFC 8032) over `releaseStatement`, base64. */
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
});
export type SignedRelease = z.infer<typeof signedRelease>;

export const updateDocument = z.object({
  operation: z.literal(updateOperation),
  /** Where the artifact is: http, https; a presigned URL of a bucket, too. */
  url: z.url({ protocol: /^https?$/ }).max(4_096),
  release: signedRelease,
  /** How long the new version must be well, without a break, before it stays. */
  healthSeconds: z.int().min(1).max(86_400).default(60),
  /** Beyond that: how long it may take to get well. */
  graceSeconds: z.int().min(1).max(86_400).default(180),
});
export type UpdateDocument = z.infer<typeof updateDocument>;

export function releaseStatement({
  version,
  sizeBytes,
  sha256: digest,
}: Omit<SignedRelease, 'signature'>): string {
  return `gatehouse-release-v1\n${version}\n${sizeBytes}\n${digest}\n`;
}
