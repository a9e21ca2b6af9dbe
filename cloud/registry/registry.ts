/**
 * Things, their certificates and claim tokens. The database is the truth; certificates are also kept
 * in memory, changed after each commit, so that the broker can ask without waiting.
 */
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import { hasCode } from '../../core/errors.js';
import { thingNamePattern } from '../../core/wire/topics.js';
import {
  type ClaimRequest,
  type ClaimResult,
  checkClaim,
  newClaimSecret,
  redeem,
  storeClaim,
} from './claims.js';
import { DeviceTypes } from './device-types.js';
import { type Enrolment, enrol } from './enrol.js';
import { deviceTypeUnknown, thingChanged, thingExists, thingNameInvalid } from './errors.js';
import { changeThing, requireThing, type Thing, thingOf } from './thing-rows.js';

export type CertificateStatus = 'ACTIVE' | 'REVOKED';

export interface CertificateRecord {
  /** SHA-256 of the certificate in DER, lower-case hex. */
  readonly id: string;
  readonly thing: string;
  readonly status: CertificateStatus;
  readonly notAfterMs: number;
}

export interface ClaimSecret {
  readonly secret: string;
  readonly expiresAtMs: number;
}

export interface Revocation {
  readonly thing: string;
  readonly certificateIds: readonly string[];
}

export class Registry {
  readonly types: DeviceTypes;
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #certificates = new Map<string, CertificateRecord>();
  /** By thing, in the order of issue. */
  readonly #idsOf = new Map<string, string[]>();
  readonly #revocationListeners = new Set<(revocation: Revocation) => void>();

  private constructor(database: Database, clock: Clock, types: DeviceTypes) {
    this.#database = database;
    this.#clock = clock;
    this.types = types;
  }

  /** `database` holds the tables of the two schemas beside. It stays open: the caller closes it. */
  static async open(database: Database, clock: Clock, types = new DeviceTypes()): Promise<Registry> {
    const rows = await database.all(
      'SELECT id, thing, status, not_after_ms FROM certificate ORDER BY created_ms, id',
    );
    const registry = new Registry(database, clock, types);
    for (const record of rows.map(certificateOf)) registry.#remember(record);
    return registry;
  }

  /** Claimed and enabled from the start. @throws THING_NAME_INVALID, DEVICE_TYPE_UNKNOWN, THING_EXISTS */
  async createThing(name: string, type: string): Promise<Thing> {
    this.checkThing(name, type);
    try {
      await this.#database.run(
        'INSERT INTO thing (name, type, enabled, created_ms, version) VALUES (?, ?, 1, ?, 1)',
        [name, type, this.#clock.now()],
      );
    } catch (error) {
      throw hasCode(error, 'DATABASE_CONSTRAINT') ? thingExists(name) : error;
    }
    return requireThing(this.#database, name);
  }

  /** @throws THING_NAME_INVALID, DEVICE_TYPE_UNKNOWN */
  checkThing(name: string, type: string): void {
    if (!thingNamePattern.test(name)) throw thingNameInvalid(name);
    if (this.types.get(type) === undefined) throw deviceTypeUnknown(type, this.types.names);
  }

  async getThing(name: string): Promise<Thing | undefined> {
    const row = await this.#database.get('SELECT * FROM thing WHERE name = ?', [name]);
    return row === undefined ? undefined : thingOf(row);
  }

  /**
   * With `expectedVersion`, only when nobody changed the thing since.
   * @throws THING_UNKNOWN, THING_CHANGED
   */
  async setEnabled(name: string, enabled: boolean, expectedVersion?: number): Promise<Thing> {
    return this.#database.transaction(async (tx) => {
      const thing = await requireThing(tx, name);
      if ((expectedVersion ?? thing.version) !== thing.version) throw thingChanged(name);
      return changeThing(tx, thing, { enabled });
    });
  }

  /** A one-time secret that turns a device into this thing. @throws THING_UNKNOWN */
  async createClaimToken(name: string, ttlMs: number): Promise<ClaimSecret> {
    const nowMs = this.#clock.now();
    const secret = newClaimSecret();
    const expiresMs = nowMs + ttlMs;
    await this.#database.transaction(async (tx) => {
      await requireThing(tx, name);
      await storeClaim(tx, { secret, thing: name, nowMs, expiresMs });
    });
    return { secret, expiresAtMs: expiresMs };
  }

  /** Resolves while the secret may be redeemed. @throws CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED */
  checkClaim(secret: string): Promise<void> {
    return checkClaim(this.#database, secret, this.#clock.now());
  }

  /**
   * Turns a claim secret into a certificate, once; the same key may repeat the call.
   * @throws CLAIM_INVALID, CLAIM_EXPIRED, CLAIM_USED, and what `issue` throws
   */
  async redeemClaim(request: ClaimRequest): Promise<ClaimResult> {
    const nowMs = this.#clock.now();
    const result = await this.#database.transaction((tx) => redeem(tx, request, nowMs));
    if (!result.repeated) {
      const { certificateId: id, thing, notAfterMs } = result;
      this.#remember({ id, thing, status: 'ACTIVE', notAfterMs });
    }
    return result;
  }

  /** Makes a device with a certificate of ours a thing; false when the thing has another device. */
  async enrol(enrolment: Enrolment): Promise<boolean> {
    const nowMs = this.#clock.now();
    const revoked = await this.#database.transaction((tx) => enrol(tx, enrolment, nowMs));
    if (revoked === undefined) return false;
    const { thing, certificate } = enrolment;
    const { id, notAfterMs } = certificate;
    if (!this.#certificates.has(id)) this.#remember({ id, thing, status: 'ACTIVE', notAfterMs });
    this.#applyRevocation(thing, revoked);
    return true;
  }

  /**
   * Revokes every certificate of a thing and withdraws its unused claim tokens. Revocation is final;
   * calling again is harmless. Listeners have run when it resolves.
   * @throws THING_UNKNOWN
   */
  async revokeThing(name: string): Promise<string[]> {
    const nowMs = this.#clock.now();
    const revoked = await this.#database.transaction(async (tx) => {
      const thing = await requireThing(tx, name);
      await tx.run('DELETE FROM claim_token WHERE thing = ? AND used_ms IS NULL', [name]);
      const active = await tx.all<{ id: string; version: number }>(
        `SELECT id, version FROM certificate WHERE thing = ? AND status = 'ACTIVE'`,
        [name],
      );
      for (const { id, version } of active) {
        await tx.run(
          `UPDATE certificate SET status = 'REVOKED', revoked_ms = ?, version = version + 1
           WHERE id = ? AND version = ?`,
          [nowMs, id, version],
        );
      }
      await changeThing(tx, thing, {});
      return active.map(({ id }) => id);
    });
    this.#applyRevocation(name, revoked);
    return revoked;
  }

  /** From memory. Undefined for a certificate that was never issued here. */
  certificate(id: string): CertificateRecord | undefined {
    return this.#certificates.get(id);
  }

  /** From memory. Undefined for a certificate that was never issued here. */
  certificateStatus(id: string): CertificateStatus | undefined {
    return this.#certificates.get(id)?.status;
  }

  /** From memory, in the order of issue. */
  certificatesOf(thing: string): CertificateRecord[] {
    return (this.#idsOf.get(thing) ?? []).flatMap((id) => this.#certificates.get(id) ?? []);
  }

  /** Calls `listener` after each revocation; the result takes it off again. */
  onRevoked(listener: (revocation: Revocation) => void): () => void {
    this.#revocationListeners.add(listener);
    return () => this.#revocationListeners.delete(listener);
  }

  #remember(record: CertificateRecord): void {
    this.#certificates.set(record.id, record);
    const ids = this.#idsOf.get(record.thing);
    if (ids === undefined) this.#idsOf.set(record.thing, [record.id]);
    else ids.push(record.id);
  }

  #applyRevocation(thing: string, certificateIds: readonly string[]): void {
    for (const id of certificateIds) {
      const entry = this.#certificates.get(id);
      if (entry !== undefined) this.#certificates.set(id, { ...entry, status: 'REVOKED' });
    }
    for (const listener of [...this.#revocationListeners]) listener({ thing, certificateIds });
  }
}

function certificateOf(row: SqlRow): CertificateRecord {
  return {
    id: String(row['id']),
    thing: String(row['thing']),
    status: row['status'] === 'ACTIVE' ? 'ACTIVE' : 'REVOKED',
    notAfterMs: Number(row['not_after_ms']),
  };
}
