/** Turns a claim secret and a certificate request into a device's identity. Knows no HTTP. */
import { faultsOf } from '../../core/config.js';
import type { Authority } from '../../core/pki/authority.js';
import { readDeviceRequest } from '../../core/pki/device-request.js';
import { type ProvisionResponse, provisionRequest } from '../../core/wire/messages.js';
import type { Registry } from '../registry/registry.js';
import { bodyInvalid } from './errors.js';

export interface ProvisionParts {
  readonly registry: Pick<Registry, 'redeemClaim'>;
  readonly authority: Pick<Authority, 'signDeviceRequest' | 'caPem'>;
}

/**
 * `mqtt` is where the device will find the broker. The request is verified before the claim is looked
 * at: a claim must not be used up by a request that cannot be signed.
 * @throws BODY_INVALID, CSR_INVALID, CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED, CA_EXPIRED
 */
export async function provision(
  parts: ProvisionParts,
  body: string,
  mqtt: { host: string; port: number },
): Promise<ProvisionResponse> {
  const { claimSecret: secret, certificateSigningRequest: csr } = parse(body);
  const { publicKeySha256 } = await readDeviceRequest(csr);
  const result = await parts.registry.redeemClaim({
    secret,
    publicKeySha256,
    issue: (thing) => parts.authority.signDeviceRequest(csr, thing),
  });
  return {
    thingName: result.thing,
    certificateId: result.certificateId,
    certificatePem: result.certificatePem,
    caPem: parts.authority.caPem,
    mqttHost: mqtt.host,
    mqttPort: mqtt.port,
  };
}

function parse(body: string) {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw bodyInvalid('it is not JSON');
  }
  const result = provisionRequest.safeParse(value);
  if (!result.success) throw bodyInvalid(faultsOf(result.error).join('; '));
  return result.data;
}
