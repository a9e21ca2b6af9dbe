/** A device becomes a thing by a provisioning template: thing and certificate in one transaction. */
import type { SqlWriter } from '../../core/db/database.js';

export interface Enrolment {
  readonly thing: string;
  /** Of a thing that is new. */
  readonly type: string;
  readonly certificate: { readonly id: string; readonly pem: string; readonly notAfterMs: number };
  /** Certificates that the thing has are revoked; otherwise having one is a conflict. */
  readonly allowReplacement: boolean;
  /** More to be done in the same transaction. */
  readonly alongside: (tx: SqlWriter) => Promise<unknown>;
}

/** The certificates that it revoked; undefined on a conflict. Asking again for the same is no conflict. */
export async function enrol(
  tx: SqlWriter,
  { thing, type, certificate, allowReplacement, alongside }: Enrolment,
  nowMs: number,
): Promise<string[] | undefined> {
  await tx.run(
    `INSERT INTO thing (name, type, enabled, created_ms, version) VALUES (?, ?, 1, ?, 1)
     ON CONFLICT (name) DO NOTHING`,
    [thing, type, nowMs],
  );
  const others = await tx.all<{ id: string }>(
    `SELECT id FROM certificate WHERE thing = ? AND status = 'ACTIVE' AND id <> ?`,
    [thing, certificate.id],
  );
  if (others.length > 0 && !allowReplacement) return undefined;
  for (const { id } of others) {
    await tx.run(
      `UPDATE certificate SET status = 'REVOKED', revoked_ms = ?, version = version + 1 WHERE id = ?`,
      [nowMs, id],
    );
  }
  await tx.run(
    `INSERT INTO certificate (id, thing, status, not_after_ms, created_ms, pem, version)
     VALUES (?, ?, 'ACTIVE', ?, ?, ?, 1) ON CONFLICT (id) DO NOTHING`,
    [certificate.id, thing, certificate.notAfterMs, nowMs, certificate.pem],
  );
  await alongside(tx);
  return others.map(({ id }) => id);
}
