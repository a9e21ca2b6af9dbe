/**
 * Releases in the HTTP API.
 *
 *   PUT    /artifacts/SHA256         the artifact itself
 *   POST   /artifacts/SHA256/upload  RequestUpload -> UploadView: how it gets into a bucket
 *   POST   /releases                 PublishRelease
 *   GET    /releases                 ReleaseView[], newest first
 *
 * Devices read `GET /artifacts/SHA256` at the root, without a token and with ranges (RFC 9110).
 */
import { z } from 'zod';
import { signedRelease } from './update.js';

/** A bucket, or what is below a prefix in it. Without `.` and `..`: a prefix is a border. */
export const s3Location = z
  .string()
  .max(512)
  .regex(
    /^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](\/(?!\.{1,2}(\/|$))[\w.+=@-]+)*\/?$/,
    'such as "s3://bucket/prefix"; letters, digits and _ . + = @ - in the prefix',
  )
  .transform((text) => text.replace(/\/$/, ''));

export const requestUpload = z.strictObject({
  bucket: s3Location,
  sizeBytes: signedRelease.shape.sizeBytes,
  /** Of the artifact, base64: the server refuses what was damaged on the way. */
  md5: z.string().regex(/^[A-Za-z0-9+/]{22}==$/),
});

/** What to send it with: `PUT`, within the hour, and exactly these headers besides its length. */
export const artifactUpload = z.object({ url: z.string(), headers: z.record(z.string(), z.string()) });
export type ArtifactUpload = z.infer<typeof artifactUpload>;

/** Null when it is there already. */
export const uploadView = z.object({ upload: artifactUpload.nullable() });
export type UploadView = z.infer<typeof uploadView>;

export const publishRelease = z
  .strictObject({
    release: signedRelease,
    /** Where the artifact is, when it is neither kept by the backend nor in a bucket. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(4_096)
      .optional(),
    /** The bucket that it was uploaded to. */
    bucket: s3Location.optional(),
  })
  .refine(({ url, bucket }) => url === undefined || bucket === undefined, {
    message: 'the artifact is at the URL or in the bucket, not both',
  });

export const releaseView = z.object({
  release: signedRelease,
  /** As it goes into the job's document: an address, or a placeholder for one that is made when a device asks. */
  url: z.string(),
  keptBy: z.enum(['backend', 'bucket', 'elsewhere']),
  /** `s3://BUCKET/KEY` when it is in a bucket. */
  object: z.string().optional(),
  publishedAt: z.iso.datetime({ offset: false }),
});
export type ReleaseView = z.infer<typeof releaseView>;
