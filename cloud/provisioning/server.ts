/**
 * The provisioning port: HTTPS with the private authority's certificate, `POST /provision`, the program for
 * devices that are being set up, and nothing else. It is open to whoever reaches it, so everything here is bounded: body, time, calls per address.
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, withTimeout } from '../../core/clock.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import { canonicalHost } from '../../core/pki/profiles.js';
import type { Secret } from '../../core/secret.js';
import { installDigest } from '../../core/wire/cards.js';
import {
  bodyTooLarge,
  methodNotAllowed,
  notFound,
  provisioningListenFailed,
  tooManyRequests,
} from './errors.js';
import { type InstallParts, sendProgram } from './install.js';
import { type ProvisionParts, provision } from './provision.js';
import { RateLimit } from './rate-limit.js';
import { sendError, sendJson } from './responses.js';

export interface ProvisioningTls {
  readonly keyPem: Secret;
  /** The server's certificate, then the authority's, whose digest the agent checks. */
  readonly certificatePem: string;
}

export interface ProvisioningOptions extends ProvisionParts {
  readonly registry: ProvisionParts['registry'] & InstallParts['registry'];
  readonly archive: InstallParts['archive'];
  readonly host: string;
  /** 0 takes any free port; `address` tells which. */
  readonly port: number;
  readonly tls: ProvisioningTls;
  /** Where devices find the broker. Without a host: the one by which the device reached this port. */
  readonly mqtt: { readonly host?: string; readonly port: number };
  readonly clock: Clock;
  readonly log: Logger;
}

const maxBodyBytes = 32 * 1_024;
const requestLimitMs = 10_000;
const closeLimitMs = 2_000;

export class ProvisioningServer implements Closeable {
  readonly #options: ProvisioningOptions;
  readonly #server: Server;
  readonly #rateLimit: RateLimit;
  #closing: Promise<void> | undefined;

  private constructor(options: ProvisioningOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    this.#rateLimit = new RateLimit({
      clock: options.clock,
      burst: 10,
      refillMs: 6_000,
      maxAddresses: 1_000,
    });
  }

  /** @throws PROVISIONING_LISTEN_FAILED */
  static async open(options: ProvisioningOptions): Promise<ProvisioningServer> {
    const server = createServer({
      ...secureContext(options.tls),
      minVersion: 'TLSv1.2',
      handshakeTimeout: requestLimitMs,
      requestTimeout: requestLimitMs,
      headersTimeout: requestLimitMs,
      connectionsCheckingInterval: 1_000,
    });
    server.maxConnections = 100;
    const opened = new ProvisioningServer(options, server);
    server.on('request', (request, response) => void opened.#handle(request, response));
    try {
      await once(server.listen(options.port, options.host), 'listening');
    } catch (error) {
      throw provisioningListenFailed(options.host, options.port, error);
    }
    server.on('error', (error) => options.log.error('provisioning port failed', { error }));
    return opened;
  }

  /** Where it listens; the port is the real one. */
  get address(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  /** Takes a renewed certificate for connections to come. */
  setCertificate(tls: ProvisioningTls): void {
    this.#server.setSecureContext(secureContext(tls));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close').then(() => {});
    this.#server.close();
    this.#server.closeIdleConnections();
    await withTimeout(this.#options.clock, closeLimitMs, closed, () => this.#server.closeAllConnections());
  }

  /** Never rejects. */
  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options;
    const address = request.socket.remoteAddress ?? 'unknown';
    // A connection that breaks meanwhile is nobody's fault.
    response.on('error', () => {});
    try {
      this.#admitCall(address);
      const wanted = installDigest(request.url ?? '');
      if (wanted !== undefined) {
        await sendProgram(this.#options, wanted, request, response);
        log.info('program sent', { address });
        return;
      }
      admitProvisioning(request);
      const body = await readBody(request);
      const answer = await provision(this.#options, body, this.#mqttFor(request));
      sendJson(response, 200, answer);
      log.info('device provisioned', {
        thing: answer.thingName,
        certificateId: answer.certificateId,
        address,
      });
    } catch (error) {
      // What has begun cannot become an error any more: the length tells the device that it is not whole.
      if (response.headersSent) response.destroy();
      if (response.destroyed || request.errored !== null) return;
      if (sendError(response, error)) log.warn('provisioning refused', { address, error });
      else log.error('provisioning failed', { address, error });
    }
  }

  /** @throws TOO_MANY_REQUESTS */
  #admitCall(address: string): void {
    const waitMs = this.#rateLimit.take(address);
    if (waitMs > 0) throw tooManyRequests(waitMs);
  }

  #mqttFor(request: IncomingMessage): { host: string; port: number } {
    const { host, port } = this.#options.mqtt;
    return { host: host ?? requestedHost(request), port };
  }
}

/** @throws NOT_FOUND, METHOD_NOT_ALLOWED */
function admitProvisioning({ url, method }: IncomingMessage): void {
  if (url !== '/provision') throw notFound();
  if (method !== 'POST') throw methodNotAllowed();
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Not destroyed when given up: the connection must still carry the answer.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBodyBytes) {
      request.resume();
      throw bodyTooLarge(maxBodyBytes);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The name by which the client called us; the address that it reached when that is none. */
function requestedHost(request: IncomingMessage): string {
  const reached = (request.socket.localAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(request.headers.host ?? '') ?? [];
  try {
    return canonicalHost(bracketed ?? plain ?? reached);
  } catch {
    return reached;
  }
}

function secureContext(tls: ProvisioningTls): { key: string; cert: string } {
  return { key: tls.keyPem.reveal(), cert: tls.certificatePem };
}
