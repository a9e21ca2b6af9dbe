/**
 * Fleet provisioning in the HTTP API; what devices see are the topics of AWS IoT Core.
 *
 *   GET    /provisioning-templates                TemplateView[]
 *   POST   /provisioning-templates                ProvisioningTemplate -> TemplateView
 *   POST   /provisioning-templates/NAME/enable    -> TemplateView
 *   POST   /provisioning-templates/NAME/disable   -> TemplateView     its claims are void at once
 *   POST   /provisioning-templates/NAME/claims    -> ClaimView        with a private key: shown once
 */
import { z } from 'zod';

/** In a thing's name: `{Serial}` stands for the parameter of that name. */
const parameterPattern = /\{([A-Za-z0-9_-]{1,64})\}/g;

export const provisioningTemplate = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_-]{1,36}$/, 'letters, digits, - and _ only, 1 to 36 of them'),
  thingName: z
    .string()
    .max(128)
    .refine((text) => /^[A-Za-z0-9_-]*$/.test(text.replaceAll(parameterPattern, '')), {
      message: 'letters, digits, - and _, and parameters such as {Serial}',
    })
    .refine((text) => parametersOf(text).length > 0, { message: 'needs a parameter such as {Serial}' }),
  type: z.string().min(1).max(128).default('button'),
  /** Handed to the device as it is. */
  deviceConfiguration: z.record(z.string().max(128), z.string().max(1_024)).default({}),
  /** May a thing that has a certificate be taken over by a new device? Its old certificates are revoked. */
  allowReplacement: z.boolean().default(false),
});
export type ProvisioningTemplate = z.infer<typeof provisioningTemplate>;

export type TemplateView = ProvisioningTemplate & { readonly enabled: boolean; readonly claims: number };

export interface ClaimView {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly privateKey: string;
  readonly caPem: string;
}

/** Each once, in order. */
export function parametersOf(thingNameTemplate: string): string[] {
  return [...new Set([...thingNameTemplate.matchAll(parameterPattern)].map((match) => match[1] ?? ''))];
}
