/** Buckets that hold what devices download; keys come from where the AWS tools look for them. */
import { z } from 'zod';
import { s3Location } from '../../core/wire/releases.js';

export const artifactsConfig = z.strictObject({
  buckets: z
    .array(s3Location)
    .max(100)
    .default([])
    .describe(
      'Buckets, or parts of them ("s3://bucket/prefix"), that releases may be kept in and job documents may point into.',
    ),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('S3 server when it is not AWS, `https://host:port`; as devices reach it, too.'),
  region: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, 'small letters, digits and - only')
    .optional()
    .describe('Region of the buckets; AWS_REGION, or that of the profile, by default.'),
  profile: z.string().min(1).optional().describe('Profile in ~/.aws whose keys are used.'),
  pathStyle: z
    .boolean()
    .optional()
    .describe("The bucket's name in the path and not in the host name; by default when `endpoint` is given."),
});
export type ArtifactsConfig = z.infer<typeof artifactsConfig>;
