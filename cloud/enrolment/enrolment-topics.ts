/**
 * Fleet provisioning's topics, as AWS IoT Core has them: a device with a claim certificate gets a
 * certificate of its own, then becomes a thing by a template. There is no token that would tell one
 * device's answer from another's, so answers go to the requesting connection alone.
 */
import { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { hasCode, messageOf } from '../../core/errors.js';
import { isJsonObject, type JsonObject, parseJson } from '../../core/json.js';
import type { Logger } from '../../core/log.js';
import type { Authority } from '../../core/pki/authority.js';
import { type ProvisioningTemplate, parametersOf } from '../../core/wire/enrolment.js';
import { thingNamePattern } from '../../core/wire/topics.js';
import type { Reply } from '../broker/ingest.js';
import type { Registry } from '../registry/registry.js';
import type { EnrolmentStore } from './enrolment-store.js';

export interface EnrolmentTopicsOptions {
  readonly store: EnrolmentStore;
  readonly registry: Pick<Registry, 'enrol'>;
  readonly authority: Pick<Authority, 'issueDeviceKey' | 'signDeviceRequest'>;
  readonly log: Logger;
}

class Rejected extends Error {
  readonly statusCode: number;
  readonly errorCode: string;

  constructor(statusCode: number, errorCode: string, message: string) {
    super(message);
    this.statusCode = statusCode;
    this.errorCode = errorCode;
  }
}

const csrRequest = z.object({ certificateSigningRequest: z.string().max(16_384) });
const registerRequest = z.object({
  certificateOwnershipToken: z.string().max(512),
  parameters: z.record(z.string(), z.string()).default({}),
});
/** The device's name is its thing's, which is not known yet. */
const subject = 'Gatehouse device';

export class EnrolmentTopics {
  readonly #options: EnrolmentTopicsOptions;

  constructor(options: EnrolmentTopicsOptions) {
    this.#options = options;
  }

  /** `claim` is the certificate of the connection. Resolves when the request is done and answered. */
  async handle(claim: string, topic: string, payload: Uint8Array, reply: Reply): Promise<void> {
    try {
      reply(`${topic}/accepted`, JSON.stringify(await this.#answer(claim, topic, readBody(payload))));
    } catch (error) {
      if (!(error instanceof Rejected)) throw error;
      const { statusCode, errorCode, message: errorMessage } = error;
      this.#options.log.info('provisioning rejected', { claim, topic, errorCode, errorMessage });
      reply(`${topic}/rejected`, JSON.stringify({ statusCode, errorCode, errorMessage }));
    }
  }

  async #answer(claim: string, topic: string, body: JsonObject): Promise<JsonObject> {
    const [, template] = /^\$aws\/provisioning-templates\/([^/]+)\/provision\/json$/.exec(topic) ?? [];
    if (template !== undefined) return this.#register(claim, template, parse(registerRequest, body));
    if (topic === '$aws/certificates/create/json') return this.#createKeys(claim);
    return this.#createFromCsr(claim, parse(csrRequest, body).certificateSigningRequest);
  }

  async #createKeys(claim: string): Promise<JsonObject> {
    const issued = await this.#options.authority.issueDeviceKey(subject);
    return { ...(await this.#pending(claim, issued)), privateKey: issued.keyPem.reveal() };
  }

  async #createFromCsr(claim: string, csr: string): Promise<JsonObject> {
    try {
      return await this.#pending(claim, await this.#options.authority.signDeviceRequest(csr, subject));
    } catch (error) {
      if (hasCode(error, 'CSR_INVALID')) throw new Rejected(400, 'InvalidCsr', messageOf(error));
      throw error;
    }
  }

  async #pending(
    claim: string,
    issued: { certificateId: string; certificatePem: string; notAfterMs: number },
  ): Promise<JsonObject> {
    const token = await this.#options.store.addPending(claim, issued);
    if (token === undefined)
      throw new Rejected(429, 'Throttled', 'Too many certificates wait for their thing.');
    const { certificateId, certificatePem } = issued;
    return { certificateId, certificatePem, certificateOwnershipToken: token };
  }

  async #register(
    claim: string,
    name: string,
    { certificateOwnershipToken, parameters }: z.output<typeof registerRequest>,
  ): Promise<JsonObject> {
    const { store, registry, log } = this.#options;
    if (store.templateOf(claim) !== name) {
      throw new Rejected(403, 'Forbidden', `This claim may not use the template "${name}".`);
    }
    const template = await store.template(name);
    const pending = await store.pending(claim, certificateOwnershipToken);
    if (pending === undefined) {
      const message = 'The certificate ownership token is unknown or has expired.';
      throw new Rejected(400, 'InvalidCertificateOwnershipToken', message);
    }
    const thingName = thingNameOf(template, parameters);
    if (pending.thing !== null && pending.thing !== thingName) {
      throw new Rejected(409, 'ResourceConflict', 'The certificate belongs to another thing.');
    }
    const { type, deviceConfiguration, allowReplacement } = template;
    const isEnrolled = await registry.enrol({
      thing: thingName,
      type,
      certificate: pending,
      allowReplacement,
      alongside: (tx) =>
        tx.run('UPDATE pending_certificate SET thing = ? WHERE id = ?', [thingName, pending.id]),
    });
    if (!isEnrolled) {
      throw new Rejected(409, 'ResourceConflict', `The thing "${thingName}" has a certificate already.`);
    }
    log.info('device enrolled', { thing: thingName, template: name, certificateId: pending.id });
    return { deviceConfiguration, thingName };
  }
}

function thingNameOf({ thingName }: ProvisioningTemplate, parameters: Record<string, string>): string {
  let name = thingName;
  for (const parameter of parametersOf(thingName)) {
    const value = Object.hasOwn(parameters, parameter) ? parameters[parameter] : undefined;
    if (value === undefined || value === '') {
      throw new Rejected(400, 'InvalidParameters', `The parameter "${parameter}" is missing.`);
    }
    name = name.replaceAll(`{${parameter}}`, () => value);
  }
  if (thingNamePattern.test(name)) return name;
  throw new Rejected(400, 'InvalidParameters', 'The parameters make no name of a thing.');
}

/** An absent body counts as `{}`. */
function readBody(payload: Uint8Array): JsonObject {
  const body = payload.length === 0 ? {} : parseJson(payload);
  if (isJsonObject(body)) return body;
  throw new Rejected(400, 'InvalidJson', 'The request is not a JSON object.');
}

function parse<T extends z.ZodType>(schema: T, body: JsonObject): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Rejected(400, 'InvalidRequest', faultsOf(result.error).join('; '));
}
