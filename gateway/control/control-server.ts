/**
 * Lets other processes of this user ask for jobs and give orders: HTTP on the loopback interface, with
 * a token that only those know who can read `control.json` (mode 0600) in the data directory. A
 * socket file would do as well, but its path may be no longer than 107 bytes.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { writeFileDurably } from '../../core/files.js';
import type { Closeable } from '../../core/lifecycle.js';
import type { Logger } from '../../core/log.js';
import type { JobControl } from './control.js';
import { answer } from './control-routes.js';

export const controlFileName = 'control.json';

const statusByCode: Readonly<Record<string, number>> = {
  JOB_UNKNOWN: 404,
  RUN_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  JOB_RUNNING: 409,
  KIND_NOT_CONFIGURED: 409,
  REQUEST_INVALID: 400,
};

export class ControlServer implements Closeable {
  readonly #server: Server;
  readonly #filePath: string;
  #closing: Promise<void> | undefined;

  private constructor(server: Server, filePath: string) {
    this.#server = server;
    this.#filePath = filePath;
  }

  /** @param dataDir whose instance lock the caller holds. @throws what listening and writing throw. */
  static async open(control: JobControl, dataDir: string, log: Logger): Promise<ControlServer> {
    const token = randomBytes(32).toString('base64url');
    const server = createServer((request, response) => void respond(control, token, log, request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const filePath = join(dataDir, controlFileName);
    const opened = new ControlServer(server, filePath);
    try {
      const { port } = server.address() as AddressInfo;
      const text = JSON.stringify({ url: `http://127.0.0.1:${port}`, token, pid: process.pid });
      await writeFileDurably(filePath, `${text}\n`, { mode: 0o600 });
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await unlink(this.#filePath).catch(() => {});
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function respond(
  control: JobControl,
  token: string,
  log: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!isAllowed(request.headers.authorization, token)) {
      send(response, 401, {
        error: { code: 'UNAUTHORISED', message: 'This needs the token of control.json.' },
      });
      return;
    }
    send(response, 200, await answer(control, request));
  } catch (error) {
    const known = error instanceof GatehouseError;
    if (!known) log.error('a request about jobs failed', { url: request.url, error });
    const code = known ? error.code : 'INTERNAL';
    const hint = known && error.hint !== undefined ? { hint: error.hint } : {};
    send(response, statusByCode[code] ?? 500, { error: { code, message: messageOf(error), ...hint } });
  }
}

function isAllowed(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
