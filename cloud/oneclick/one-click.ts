/**
 * The REST API of AWS IoT 1-Click, both services on one address: finds the operation, checks signature
 * and policy, and answers in the forms that SDK v2 and v3 read. It shares the port with the dashboard:
 * a path of its own with a signature, or without a browser behind it, is for here.
 */
import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { Clock } from '../../core/clock.js';
import { GatehouseError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import type { AccessKeys } from './access-keys.js';
import { Arns } from './arns.js';
import { type DeviceOperationParts, deviceOperations } from './device-operations.js';
import { accessDenied, accessKeyRefused, operationUnknown, signatureMissing } from './errors.js';
import { faultOf } from './faults.js';
import { type FoundOperation, findOperation, isOneClickPath, type Service } from './operations.js';
import { PageTokens } from './page-tokens.js';
import { type Call, type Handler, parseCall } from './parameters.js';
import { isAllowed } from './policy.js';
import { projectOperations } from './project-operations.js';
import { isSigned, parseAuthorization, type SignedRequest, verifySignature } from './sigv4.js';

export interface OneClickOptions extends Omit<DeviceOperationParts, 'arns' | 'tokens' | 'region'> {
  readonly accessKeys: AccessKeys;
  readonly region: string;
  readonly account: string;
  readonly clock: Clock;
}

export class OneClick {
  readonly #options: OneClickOptions;
  readonly #arns: Arns;
  readonly #handlers: Readonly<Record<Service, Readonly<Record<string, Handler>>>>;

  constructor(options: OneClickOptions) {
    const arns = new Arns(options);
    const parts = { ...options, arns, tokens: new PageTokens(options.accessKeys.deriveKey('page tokens')) };
    this.#options = options;
    this.#arns = arns;
    this.#handlers = { devices: deviceOperations(parts), projects: projectOperations(parts) };
  }

  /** Answers what is for 1-Click, and hands on the rest. */
  middleware(): MiddlewareHandler {
    return (c, next) => (isForOneClick(c) ? this.#answer(c) : next());
  }

  async #answer(c: Context): Promise<Response> {
    // AWS listed OPTIONS on every resource; no page from elsewhere is let in by it.
    if (c.req.method === 'OPTIONS') return c.body(null, 200);
    const request = await signedRequestOf(c);
    const authorization = request.header('authorization');
    if (!isSigned(authorization)) throw signatureMissing();
    const signed = parseAuthorization(authorization ?? '');
    const { accessKeys, clock } = this.#options;
    const key = accessKeys.get(signed.accessKeyId);
    if (key === undefined) throw accessKeyRefused();
    verifySignature(request, signed, accessKeys.secretOf(key), clock.now());
    const found = findOperation(request.method, request.rawPath);
    if (found === undefined) throw operationUnknown(request.method, request.rawPath);
    const call = parseCall(found.parameters, request.rawQuery, request.body);
    const { name, service } = found.operation;
    const resource = this.#resourceOf(found, call);
    if (!isAllowed(key.policy, name, resource)) throw accessDenied(key.id, name, resource);
    const handler = this.#handlers[service][name];
    if (handler === undefined) throw operationUnknown(request.method, request.rawPath);
    const answer = await handler(call);
    c.header('x-amzn-RequestId', randomUUID());
    return answer === undefined ? c.body(null, 204) : c.json(answer);
  }

  /** What a policy's resources are held against. A project that is to be made is named in the body. */
  #resourceOf({ operation, parameters }: FoundOperation, { body }: Call): string {
    const named = operation.resource && parameters[operation.resource];
    if (operation.name === 'CreateProject') {
      return this.#arns.project(String((body as { projectName?: unknown } | null)?.projectName ?? ''));
    }
    if (named === undefined) return '*';
    if (operation.resource === 'resourceArn') return named;
    return operation.resource === 'deviceId' ? this.#arns.device(named) : this.#arns.project(named);
  }
}

/** A browser that opens or reloads a page of the dashboard asks for HTML and signs nothing. */
export function isForOneClick(c: Context): boolean {
  if (!isOneClickPath(rawUrlOf(c).split('?', 1)[0] ?? '')) return false;
  const wantsPage = ['GET', 'HEAD'].includes(c.req.method) && !isSigned(c.req.header('authorization'));
  return !wantsPage || !(c.req.header('accept') ?? '').includes('text/html');
}

/** The answer to a request of 1-Click that failed. Anything unexpected is logged, and told as no more than that. */
export function faultAnswer(c: Context, error: Error, log: Logger): Response {
  const known =
    error instanceof GatehouseError ? error : new GatehouseError('INTERNAL', 'Something went wrong inside.');
  const path = rawUrlOf(c).split('?', 1)[0] ?? '';
  const { type, status } = faultOf(known, serviceOf(c.req.method, path));
  if (status >= 500) log.error('request failed', { error, stack: error.stack });
  const message = status >= 500 ? 'Something went wrong inside; the log tells more.' : known.message;
  c.header('x-amzn-errortype', type);
  c.header('x-amzn-RequestId', randomUUID());
  return c.json({ code: type, message }, status);
}

function serviceOf(method: string, path: string): Service {
  return findOperation(method, path)?.operation.service ?? 'devices';
}

/** As it came over the wire: a parsed URL would have been normalised. */
function rawUrlOf(c: Context): string {
  const { incoming } = c.env as Partial<HttpBindings>;
  return incoming?.url ?? c.req.path;
}

async function signedRequestOf(c: Context): Promise<SignedRequest> {
  const url = rawUrlOf(c);
  const at = url.indexOf('?');
  return {
    method: c.req.method,
    rawPath: at < 0 ? url : url.slice(0, at),
    rawQuery: at < 0 ? '' : url.slice(at + 1),
    header: (name) => c.req.header(name),
    headerNames: Object.keys(c.req.header()),
    body: new Uint8Array(await c.req.arrayBuffer()),
  };
}
