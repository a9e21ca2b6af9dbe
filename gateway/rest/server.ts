/**
 * The door for other backup programs: restic's REST protocol over TLS, for stock restic and all that
 * speak it. One folder per user below the root.
 */
import { once } from 'node:events';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { type Closeable, opening } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { Secret } from '../../core/secret.js';
import { plainNotLoopback, restListenFailed } from './errors.js';
import { Quotas } from './quotas.js';
import { RestResponder } from './responder.js';
import { RestStore } from './store.js';
import { RestUsers } from './users.js';

/** Answers under way get this long when the server stops. */
const drainMs = 10_000;
const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

export interface RestServerOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Key and certificate in PEM; without them plain HTTP, on loopback only. */
  readonly tls?: { readonly keyPem: Secret; readonly certificatePem: string };
  /** Absolute path of the folder that holds every user's repositories. */
  readonly root: string;
  /** See `RestUsers`. */
  readonly usersFile: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface RestServer extends Closeable {
  /** `https://host:port`. */
  readonly origin: string;
  readonly port: number;
}

/** @throws REST_PLAIN, REST_LISTEN, and errors of the root folder. */
export function openRestServer(options: RestServerOptions): Promise<RestServer> {
  const { host, port, tls, log, clock } = options;
  return opening(async (lifetimes) => {
    if (tls === undefined && !loopback.has(host)) throw plainNotLoopback(host);
    const store = new RestStore(options.root, clock);
    await store.prepare();
    const users = new RestUsers(options.usersFile, clock);
    const responder = new RestResponder({ store, users, quotas: new Quotas(store), log });
    const server =
      tls === undefined
        ? createPlainServer()
        : createServer({ key: tls.keyPem.reveal(), cert: tls.certificatePem, minVersion: 'TLSv1.2' });
    // A throttled client may need hours for one pack: only silence ends a connection.
    server.requestTimeout = 0;
    server.timeout = 5 * 60_000;
    server.on('request', (request, response) => void responder.respond(request, response));
    await listen(server, host, port);
    lifetimes.defer('listener', () => stop(server, clock));
    const bound = (server.address() as AddressInfo).port;
    const name = host.includes(':') ? `[${host}]` : host;
    return {
      origin: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}`,
      port: bound,
      close: () => lifetimes.close(),
    };
  }, log);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw restListenFailed(host, port, error);
  }
}

async function stop(server: Server, clock: Clock): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = clock.after(drainMs, () => server.closeAllConnections());
  await closed;
  timer.cancel();
}
