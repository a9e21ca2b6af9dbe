/**
 * A claim token is one string that a person can paste: where to provision, which CA to trust, and
 * a one-time secret. `ghct1.` + base64url of `host:port|SHA-256 of the CA certificate|secret`.
 * The digest lets the agent trust the private CA without having seen it before.
 */
import { GatehouseError } from '../errors.js';

export interface ClaimToken {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the CA certificate in DER, 64 lower-case hex digits. */
  readonly caSha256: string;
  readonly secret: string;
}

const prefix = 'ghct1.';

export function formatClaimToken(token: ClaimToken): string {
  const plain = `${token.host}:${token.port}|${token.caSha256}|${token.secret}`;
  return prefix + Buffer.from(plain, 'utf8').toString('base64url');
}

/** @throws CLAIM_TOKEN_MALFORMED when the text is not a claim token. */
export function parseClaimToken(text: string): ClaimToken {
  const trimmed = text.trim();
  const plain = trimmed.startsWith(prefix)
    ? Buffer.from(trimmed.slice(prefix.length), 'base64url').toString('utf8')
    : '';
  const match = /^(.+):(\d{1,5})\|([0-9a-f]{64})\|([A-Za-z0-9_-]{16,128})$/.exec(plain);
  const [, host, port, caSha256, secret] = match ?? [];
  if (host === undefined || port === undefined || caSha256 === undefined || secret === undefined) {
    throw new GatehouseError('CLAIM_TOKEN_MALFORMED', 'This is not a claim token.', {
      hint: `Copy the whole token, it begins with "${prefix}"; "gatehouse device claim-token NAME" makes a new one.`,
    });
  }
  return { host, port: Number(port), caSha256, secret };
}
