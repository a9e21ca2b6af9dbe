/** The HTTP listener: opens, tells its address, and closes without waiting for idle connections. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { type Clock, withTimeout } from '../../core/clock.js';
import { systemCode } from '../../core/errors.js';
import type { Closeable } from '../../core/lifecycle.js';
import { listenFailed, portTaken } from './errors.js';
import { cutSlowRequests } from './slow-requests.js';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly app: Hono;
  readonly clock: Clock;
  /** Requests that may take as long as bytes keep coming. @param path without the query. */
  readonly isUpload: (method: string, path: string) => boolean;
}

const drainLimitMs = 2_000;

export class HttpServer implements Closeable {
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #host: string;
  #closing: Promise<void> | undefined;

  private constructor(server: Server, options: HttpServerOptions) {
    this.#server = server;
    this.#clock = options.clock;
    this.#host = options.host;
  }

  /** @throws PORT_TAKEN, LISTEN_FAILED */
  static async open(options: HttpServerOptions): Promise<HttpServer> {
    const { host, port, app } = options;
    const server = createServer(
      // How long a request may take is said in `slow-requests.ts`.
      { requestTimeout: 0, headersTimeout: 10_000, maxHeaderSize: 16_384 },
      getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    );
    cutSlowRequests(server, options);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        const taken = systemCode(error) === 'EADDRINUSE';
        reject((taken ? portTaken : listenFailed)(host, port, 'http.port', error));
      });
      server.listen({ host, port }, resolve);
    });
    return new HttpServer(server, options);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where a browser on this machine finds it. */
  get url(): string {
    const anywhere = this.#host === '0.0.0.0' || this.#host === '::';
    const name = anywhere ? '127.0.0.1' : this.#host;
    return `http://${name.includes(':') ? `[${name}]` : name}:${this.port}`;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await withTimeout(this.#clock, drainLimitMs, closed, () => this.#server.closeAllConnections());
  }
}
