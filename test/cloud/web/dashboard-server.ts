/**
 * Serves the built dashboard and a canned API over real HTTP, with the strictest content security
 * policy under which the page has to work. A test sends stream events and cuts the line by hand.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type { StreamEvent } from '../../../core/wire/api.js';
import { apiRoot } from '../../../core/wire/api-root.js';
import { cardRequest } from '../../../core/wire/cards.js';
import { boards, type Canned, cardView, telemetry } from './canned-data.js';

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export const dashboardToken = 'a-token-for-the-test';

export interface DashboardServerOptions {
  readonly bundle: string;
  readonly canned: Canned;
  /** Without a session every API call answers 401 until somebody signs in. */
  readonly isSignedIn?: boolean;
}

export class DashboardServer {
  /** Bodies of the presses that came in. */
  readonly presses: { thing: string; body: unknown }[] = [];
  /** Paths that were asked for, with their query. */
  readonly requests: string[] = [];
  /** When set, a press is refused with this sentence. */
  refusal: string | undefined;
  canned: Canned;
  /** While true, every API call is cut off without an answer. */
  isCut = false;
  readonly #bundle: string;
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  readonly #streamWaiters: (() => void)[] = [];
  readonly #pressWaiters: (() => void)[] = [];
  readonly #needsCookie: boolean;

  constructor(options: DashboardServerOptions, server: Server) {
    this.#bundle = options.bundle;
    this.canned = options.canned;
    this.#needsCookie = options.isSignedIn === false;
    this.#server = server;
  }

  static async open(options: DashboardServerOptions): Promise<DashboardServer> {
    const server = createServer();
    const dashboard = new DashboardServer(options, server);
    server.on('request', (request, response) => void dashboard.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return dashboard;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  send(event: StreamEvent): void {
    const text = `event: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`;
    for (const stream of this.#streams) stream.write(text);
  }

  /** Ends every stream; with `isCut` the page cannot come back. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  /** Resolves when the next press has been answered. */
  nextPress(): Promise<void> {
    return new Promise((resolve) => this.#pressWaiters.push(resolve));
  }

  /** Resolves when the next stream is open. */
  nextStream(): Promise<void> {
    return new Promise((resolve) => this.#streamWaiters.push(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(url.pathname + url.search);
    if (url.pathname === '/login') return this.#login(url, response);
    if (!url.pathname.startsWith(apiRoot)) return this.#file(url.pathname, response);
    if (this.isCut) {
      request.socket.destroy();
      return;
    }
    if (this.#needsCookie && !request.headers.cookie?.includes('session=yes')) {
      return json(response, 401, { error: { code: 'UNAUTHORISED', message: 'This needs the API token.' } });
    }
    await this.#api(request, url, response);
  }

  #login(url: URL, response: ServerResponse): void {
    if (url.searchParams.get('token') !== dashboardToken) {
      response.writeHead(303, { location: '/' }).end();
      return;
    }
    const cookie = 'session=yes; HttpOnly; SameSite=Strict; Path=/';
    response.writeHead(303, { location: '/', 'set-cookie': cookie }).end();
  }

  async #file(path: string, response: ServerResponse): Promise<void> {
    const name = path === '/' ? 'index.html' : normalize(path);
    try {
      const content = await readFile(join(this.#bundle, name));
      const type = types[extname(name)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  }

  async #api(request: IncomingMessage, url: URL, response: ServerResponse): Promise<void> {
    const { overview, series, logs } = this.canned;
    const path = url.pathname.slice(apiRoot.length);
    const [, runId] = /^\/runs\/(.+)$/.exec(path) ?? [];
    const [, pressed] = /^\/things\/([^/]+)\/press$/.exec(path) ?? [];
    if (path === '/stream') return this.#stream(response);
    if (pressed !== undefined) return this.#press(pressed, request, response);
    const whole: Record<string, unknown> = {
      '/overview': overview,
      '/clicks': overview.clicks,
      '/runs': overview.runs,
      '/actions': [{ name: 'send-mail' }],
      '/series': series,
      '/boards': boards,
    };
    if (path in whole) return json(response, 200, whole[path]);
    if (path.startsWith('/workflows')) return json(response, 200, workflowAnswer(path, this.canned));
    if (path === '/cards') return this.#card(request, response);
    if (path.startsWith('/alarms')) return this.#alarms(path, url, response);
    if (path === '/telemetry') return this.#telemetry(url, response);
    const run = overview.runs.find((other) => other.id === runId);
    if (run !== undefined) return json(response, 200, { ...run, log: logs[run.id] ?? '' });
    json(response, 404, { error: { code: 'NOT_FOUND', message: 'There is no such thing.' } });
  }

  #alarms(path: string, url: URL, response: ServerResponse): void {
    const state = url.searchParams.get('state');
    if (path === '/alarms/rules') {
      json(response, 200, this.canned.alarmRules);
      return;
    }
    json(
      response,
      200,
      this.canned.alarms.filter((alarm) => alarm.state === state),
    );
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': hello\n\n');
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
    for (const wake of this.#streamWaiters.splice(0)) wake();
  }

  #telemetry(url: URL, response: ServerResponse): void {
    const asked = url.searchParams;
    const view = this.canned.series.find((other) => other.series === asked.get('series'));
    if (view === undefined) {
      json(response, 404, { error: { code: 'NOT_FOUND', message: 'No series.' } });
      return;
    }
    const fromMs = Date.parse(asked.get('from') ?? '');
    const toMs = Date.parse(asked.get('to') ?? '');
    json(response, 200, telemetry(view, fromMs, toMs, Number(asked.get('maxPoints'))));
  }

  async #card(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { name, renew } = cardRequest.parse(JSON.parse(body));
    if (!renew && this.canned.overview.things.some((thing) => thing.name === name)) {
      const message = `There is a thing named "${name}" already.`;
      json(response, 409, { error: { code: 'THING_EXISTS', message } });
      return;
    }
    json(response, 201, cardView(name, body));
  }

  async #press(thing: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    this.presses.push({ thing, body: JSON.parse(body) });
    if (this.refusal === undefined) json(response, 202, { id: `press-${this.presses.length}` });
    else json(response, 409, { error: { code: 'LINE_IS_REAL', message: this.refusal } });
    for (const wake of this.#pressWaiters.splice(0)) wake();
  }
}

/** The list, one workflow with its definition, or the executions of one. */
function workflowAnswer(path: string, { workflows, executions }: Canned): unknown {
  const [, , name, rest] = path.split('?')[0]?.split('/') ?? [];
  if (name === undefined) return workflows;
  if (rest === 'executions') return executions.filter((one) => one.workflow === name);
  return workflows.find((one) => one.name === name);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
