/**
 * Claim tokens: each gives one certificate to one key. The same key may ask again, so that a device
 * which lost the answer gets its certificate instead of being locked out.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { SqlReader, SqlWriter } from '../../core/db/database.js';
import { claimExpired, claimInvalid, claimUsed } from './errors.js';

/** What signing a request yields; `core/pki` makes it. */
export interface IssuedCertificate {
  /** SHA-256 of the certificate in DER, lower-case hex. */
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly notAfterMs: number;
}

export interface ClaimRequest {
  readonly secret: string;
  /** SHA-256 of the request's public key (SPKI, DER), lower-case hex; the request is verified already. */
  readonly publicKeySha256: string;
  /** Signs the request for the thing that the token names. Called at most once, in a transaction. */
  readonly issue: (thing: string) => Promise<IssuedCertificate>;
}

export interface ClaimResult {
  readonly thing: string;
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly notAfterMs: number;
  /** True when the certificate was issued by an earlier call with the same key. */
  readonly repeated: boolean;
}

interface ClaimRow extends Record<string, null | number | string> {
  thing: string;
  expires_ms: number;
  used_ms: number | null;
  public_key_sha256: string | null;
  certificate_id: string | null;
}

/** 256 bits: too many to guess, so an unsalted digest is enough to keep. */
export function newClaimSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** The stored form. Looking the digest up tells an attacker's stopwatch nothing about the secret. */
function claimDigest(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

export async function storeClaim(
  tx: SqlWriter,
  claim: { secret: string; thing: string; nowMs: number; expiresMs: number },
): Promise<void> {
  await tx.run('INSERT INTO claim_token (secret_sha256, thing, created_ms, expires_ms) VALUES (?, ?, ?, ?)', [
    claimDigest(claim.secret),
    claim.thing,
    claim.nowMs,
    claim.expiresMs,
  ]);
}

/** @throws CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED, and what `issue` throws. */
export async function redeem(tx: SqlWriter, request: ClaimRequest, nowMs: number): Promise<ClaimResult> {
  const digest = claimDigest(request.secret);
  const claim = await findClaim(tx, digest);
  if (claim.used_ms !== null) return repeat(tx, claim, request);
  if (claim.expires_ms <= nowMs) throw claimExpired();
  const issued = await request.issue(claim.thing);
  await tx.run(
    `INSERT INTO certificate (id, thing, status, not_after_ms, created_ms, pem, version)
     VALUES (?, ?, 'ACTIVE', ?, ?, ?, 1)`,
    [issued.certificateId, claim.thing, issued.notAfterMs, nowMs, issued.certificatePem],
  );
  const { changes } = await tx.run(
    `UPDATE claim_token SET used_ms = ?, public_key_sha256 = ?, certificate_id = ?
     WHERE secret_sha256 = ? AND used_ms IS NULL`,
    [nowMs, request.publicKeySha256, issued.certificateId, digest],
  );
  if (changes !== 1) throw claimUsed(claim.thing);
  return { thing: claim.thing, ...issued, repeated: false };
}

/** @throws CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED unless the secret may still be redeemed. */
export async function checkClaim(database: SqlReader, secret: string, nowMs: number): Promise<void> {
  const claim = await findClaim(database, claimDigest(secret));
  if (claim.used_ms !== null) throw claimUsed(claim.thing);
  if (claim.expires_ms <= nowMs) throw claimExpired();
}

async function findClaim(database: SqlReader, digest: string): Promise<ClaimRow> {
  const claim = await database.get<ClaimRow>('SELECT * FROM claim_token WHERE secret_sha256 = ?', [digest]);
  if (claim === undefined) throw claimInvalid();
  return claim;
}

async function repeat(tx: SqlWriter, claim: ClaimRow, request: ClaimRequest): Promise<ClaimResult> {
  const certificate =
    claim.public_key_sha256 === request.publicKeySha256
      ? await tx.get<{ pem: string; not_after_ms: number }>(
          `SELECT pem, not_after_ms FROM certificate WHERE id = ? AND status = 'ACTIVE'`,
          [claim.certificate_id],
        )
      : undefined;
  if (certificate === undefined || claim.certificate_id === null) throw claimUsed(claim.thing);
  return {
    thing: claim.thing,
    certificateId: claim.certificate_id,
    certificatePem: certificate.pem,
    notAfterMs: certificate.not_after_ms,
    repeated: true,
  };
}
