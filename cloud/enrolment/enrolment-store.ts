/**
 * Templates, claims and pending certificates. Claims are also kept in memory, changed after each
 * commit, so that the broker can ask without waiting.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { Database, SqlRow } from '../../core/db/database.js';
import type { Authority } from '../../core/pki/authority.js';
import {
  type ClaimView,
  type ProvisioningTemplate,
  provisioningTemplate,
  type TemplateView,
} from '../../core/wire/enrolment.js';
import type { DeviceTypes } from '../registry/device-types.js';
import { deviceTypeUnknown } from '../registry/errors.js';
import { templateExists, templateUnknown } from './errors.js';

export interface PendingCertificate {
  readonly id: string;
  readonly pem: string;
  readonly notAfterMs: number;
  /** Set once it has become a thing's. */
  readonly thing: string | null;
}

export interface EnrolmentStoreOptions {
  readonly database: Database;
  readonly authority: Pick<Authority, 'issueDeviceKey' | 'caPem'>;
  readonly types: DeviceTypes;
  readonly clock: Clock;
}

/** An ownership token that is not used by then is void, as on AWS. */
const tokenLifeMs = 3_600_000;
/** Certificates of one claim that wait for their thing: a stolen claim must not fill the disk. */
const maxPending = 1_000;

export class EnrolmentStore {
  readonly #options: EnrolmentStoreOptions;
  /** Template by claim certificate. */
  readonly #claims = new Map<string, string>();
  readonly #enabled = new Set<string>();

  private constructor(options: EnrolmentStoreOptions) {
    this.#options = options;
  }

  static async open(options: EnrolmentStoreOptions): Promise<EnrolmentStore> {
    const store = new EnrolmentStore(options);
    const { database } = options;
    const templates = await database.all('SELECT name FROM provisioning_template WHERE enabled = 1');
    for (const row of templates) store.#enabled.add(String(row['name']));
    for (const row of await database.all('SELECT id, template FROM claim_certificate')) {
      store.#claims.set(String(row['id']), String(row['template']));
    }
    return store;
  }

  /** The template that a claim certificate may use; undefined when it is none, or void. From memory. */
  templateOf(certificateId: string): string | undefined {
    const template = this.#claims.get(certificateId);
    return template !== undefined && this.#enabled.has(template) ? template : undefined;
  }

  /** @throws TEMPLATE_EXISTS, DEVICE_TYPE_UNKNOWN */
  async createTemplate(template: ProvisioningTemplate): Promise<TemplateView> {
    const { database, clock, types } = this.#options;
    if (types.get(template.type) === undefined) throw deviceTypeUnknown(template.type, types.names);
    const { changes } = await database.run(
      `INSERT INTO provisioning_template (name, body, enabled, created_ms) VALUES (?, ?, 1, ?)
       ON CONFLICT (name) DO NOTHING`,
      [template.name, JSON.stringify(template), clock.now()],
    );
    if (changes !== 1) throw templateExists(template.name);
    this.#enabled.add(template.name);
    return this.template(template.name);
  }

  async listTemplates(): Promise<TemplateView[]> {
    const rows = await this.#options.database.all(`${templateColumns} ORDER BY name LIMIT 1000`);
    return rows.map(templateOf);
  }

  /** @throws TEMPLATE_UNKNOWN */
  async template(name: string): Promise<TemplateView> {
    const row = await this.#options.database.get(`${templateColumns} WHERE name = ?`, [name]);
    if (row === undefined) throw templateUnknown(name);
    return templateOf(row);
  }

  /** A disabled template voids its claims until it is enabled again. @throws TEMPLATE_UNKNOWN */
  async setEnabled(name: string, enabled: boolean): Promise<TemplateView> {
    await this.#options.database.run('UPDATE provisioning_template SET enabled = ? WHERE name = ?', [
      enabled ? 1 : 0,
      name,
    ]);
    const view = await this.template(name);
    if (enabled) this.#enabled.add(name);
    else this.#enabled.delete(name);
    return view;
  }

  /** A key pair and certificate to put on a batch of devices. @throws TEMPLATE_UNKNOWN, CA_EXPIRED */
  async createClaim(template: string): Promise<ClaimView> {
    const { database, authority, clock } = this.#options;
    await this.template(template);
    const { certificateId, certificatePem, keyPem } = await authority.issueDeviceKey('Gatehouse claim');
    await database.run('INSERT INTO claim_certificate (id, template, created_ms) VALUES (?, ?, ?)', [
      certificateId,
      template,
      clock.now(),
    ]);
    this.#claims.set(certificateId, template);
    return { certificateId, certificatePem, privateKey: keyPem.reveal(), caPem: authority.caPem };
  }

  /** The ownership token for the certificate; undefined when too many wait already. */
  addPending(
    claim: string,
    certificate: { certificateId: string; certificatePem: string; notAfterMs: number },
  ): Promise<string | undefined> {
    const nowMs = this.#options.clock.now();
    return this.#options.database.transaction(async (tx) => {
      await tx.run('DELETE FROM pending_certificate WHERE claim = ? AND expires_ms <= CAST(? AS INTEGER)', [
        claim,
        nowMs,
      ]);
      const sql = 'SELECT count(*) AS n FROM pending_certificate WHERE claim = ? AND thing IS NULL';
      if (((await tx.get<{ n: number }>(sql, [claim]))?.n ?? 0) >= maxPending) return undefined;
      const token = randomBytes(32).toString('base64url');
      await tx.run(
        `INSERT INTO pending_certificate (id, claim, pem, not_after_ms, token_sha256, expires_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
        [
          certificate.certificateId,
          claim,
          certificate.certificatePem,
          certificate.notAfterMs,
          digestOf(token),
          nowMs + tokenLifeMs,
        ],
      );
      return token;
    });
  }

  /** Undefined for a token that is unknown, another claim's, or too old. */
  async pending(claim: string, token: string): Promise<PendingCertificate | undefined> {
    const row = await this.#options.database.get(
      `SELECT id, pem, not_after_ms, thing FROM pending_certificate
       WHERE claim = ? AND token_sha256 = ? AND expires_ms > CAST(? AS INTEGER)`,
      [claim, digestOf(token), this.#options.clock.now()],
    );
    if (row === undefined) return undefined;
    return {
      id: String(row['id']),
      pem: String(row['pem']),
      notAfterMs: Number(row['not_after_ms']),
      thing: typeof row['thing'] === 'string' ? row['thing'] : null,
    };
  }
}

const templateColumns = `SELECT body, enabled,
  (SELECT count(*) FROM claim_certificate WHERE template = provisioning_template.name) AS claims
  FROM provisioning_template`;

function templateOf(row: SqlRow): TemplateView {
  return {
    ...provisioningTemplate.parse(JSON.parse(String(row['body']))),
    enabled: row['enabled'] === 1,
    claims: Number(row['claims']),
  };
}

function digestOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}
