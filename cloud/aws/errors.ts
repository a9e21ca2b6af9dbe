/** What can go wrong with a call to AWS, or to what stands in its place. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';

/** AWS did not answer, or asked for patience; the same call may work later. */
function awsDelayed(what: string, reason: string, cause: unknown, section: Section): GatehouseError {
  return new GatehouseError('AWS_DELAYED', `${what} did not work for now: ${reason}`, {
    retryable: true,
    cause,
    hint: `Check that this machine reaches AWS, or the endpoint under "${section}" in the configuration.`,
  });
}

/** AWS refused the call: a right, a name or a value is wrong. */
function awsRefused(what: string, name: string, reason: string, cause: unknown): GatehouseError {
  return new GatehouseError('AWS_REFUSED', `${what} was refused: ${name}: ${reason}`, {
    cause,
    hint: 'Check the name, the region and what the key may do.',
  });
}

/** No keys or no region were found where the AWS tools look for them; set them up, or name a profile. */
function awsUnconfigured(what: string, reason: string, cause: unknown, section: Section): GatehouseError {
  return new GatehouseError('AWS_UNCONFIGURED', `${what} needs AWS keys and a region: ${reason}`, {
    cause,
    hint: `Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, or "${section}.profile" and "${section}.region".`,
  });
}

/** An ARN is none, or of another service. */
export function arnInvalid(arn: string, wanted: string): GatehouseError {
  return new GatehouseError('ARN_INVALID', `"${arn}" is no ARN of ${wanted}.`, { context: { arn } });
}

/** The queue's policy cannot be read, so that nothing is written over it; look at it in the console. */
export function policyUnreadable(): GatehouseError {
  return new GatehouseError(
    'POLICY_UNREADABLE',
    "The queue's policy is no JSON object; it was left as it is.",
  );
}

const passing = /^(Throttl|TooManyRequests|RequestLimitExceeded|ServiceUnavailable|SlowDown|Timeout)/;

/** Of the configuration: where what was called is set up. */
type Section = 'aws' | 'artifacts';

/** Tells what passes from what stays; an error that is known already stays as it is. */
export function awsError(what: string, error: unknown, section: Section = 'aws'): GatehouseError {
  if (error instanceof GatehouseError) return error;
  const { name, $metadata, $fault } = error as {
    name?: string;
    $fault?: string;
    $metadata?: { httpStatusCode?: number };
  };
  const reason = messageOf(error);
  if (name === 'CredentialsProviderError' || /region is missing/i.test(reason)) {
    return awsUnconfigured(what, reason, error, section);
  }
  const status = $metadata?.httpStatusCode;
  const later = status === 429 || (status ?? 0) >= 500 || passing.test(name ?? '') || $fault === 'server';
  // Without an answer it was the network: nothing was refused.
  if (later || status === undefined || systemCode(error) !== undefined)
    return awsDelayed(what, reason, error, section);
  return awsRefused(what, name ?? 'error', reason, error);
}
