/** Where AWS is, for the calls that go there; keys come from where the AWS tools look for them. */
import { z } from 'zod';

const endpoint = z.url({ protocol: /^https?$/ }).optional();

export const awsConfig = z.strictObject({
  region: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Region of what is named without one; AWS_REGION, or that of the profile, by default.'),
  profile: z.string().min(1).optional().describe('Profile in ~/.aws whose keys are used.'),
  endpoint: endpoint.describe('Server for all services, in place of AWS; for tests and look-alikes.'),
  lambdaEndpoint: endpoint.describe('Server for Lambda alone.'),
  snsEndpoint: endpoint.describe('Server for SNS alone.'),
  sqsEndpoint: endpoint.describe('Server for SQS alone.'),
});
export type AwsConfig = z.infer<typeof awsConfig>;
