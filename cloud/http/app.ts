/**
 * The HTTP application: guards, API, event stream, log-in and dashboard. Every error leaves it as one
 * JSON shape; the message of an unexpected one stays in the log.
 */
import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { GatehouseError } from '../../core/errors.js';
import type { Logger } from '../../core/log.js';
import { apiRoot } from '../../core/wire/api-root.js';
import { faultAnswer, isForOneClick } from '../oneclick/one-click.js';
import { actionRoutes } from './action-routes.js';
import { alarmRoutes } from './alarm-routes.js';
import { isToken, sessionOf } from './api-token.js';
import { limitBody } from './body-limit.js';
import { cardRoutes } from './card-routes.js';
import { dataRoutes } from './data-routes.js';
import { deviceRoutes } from './device-routes.js';
import { enrolmentRoutes } from './enrolment-routes.js';
import { notFound, statusOf } from './errors.js';
import { fanoutRoutes } from './fanout-routes.js';
import { checkHost, checkOrigin, requireToken, secureHeaders, sessionCookie } from './guards.js';
import { jobRoutes } from './job-routes.js';
import { keyRoutes } from './key-routes.js';
import { projectRoutes } from './project-routes.js';
import { artifactDownload, releaseRoutes } from './release-routes.js';
import type { Services } from './services.js';
import { shadowRoutes } from './shadow-routes.js';
import { staticFiles } from './static-files.js';
import { telemetryRoutes } from './telemetry-routes.js';
import { thingRoutes } from './thing-routes.js';
import { workflowRoutes } from './workflow-routes.js';

export interface AppOptions {
  readonly services: Services;
  /** The address that the server is bound to. */
  readonly boundTo: string;
  readonly allowedHosts: readonly string[];
  /** The built dashboard; undefined for none. */
  readonly webDirectory: string | undefined;
}

const bodyLimitBytes = 512 * 1024;
const sessionSeconds = 30 * 86_400;

export function createApp(options: AppOptions): Hono {
  const { services } = options;
  const app = new Hono();
  app.onError((error, c) => {
    if (isForOneClick(c)) return faultAnswer(c, error, services.log);
    const known = asKnown(error, services.log);
    services.refusals.count('http', known.code);
    const { code, message, hint } = known;
    return c.json({ error: { code, message, ...(hint !== undefined && { hint }) } }, statusOf(known));
  });
  app.use(secureHeaders(), checkHost(options.boundTo, options.allowedHosts), checkOrigin());
  const limited = limitBody(bodyLimitBytes);
  // Artifacts go to disk as they come, and have a limit of their own.
  app.use((c, next) => (isUpload(c.req.method, c.req.path) ? next() : limited(c, next)));
  app.route(apiRoot, createApi(services));
  app.use(services.oneClick.middleware());
  app.get('/login', (c) => {
    // An old link: the page itself asks for the token.
    if (!isToken(services.token, c.req.query('token') ?? '')) return c.redirect('/', 303);
    setCookie(c, sessionCookie, sessionOf(services.token), {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: sessionSeconds,
    });
    c.header('Cache-Control', 'no-store');
    return c.redirect('/', 303);
  });
  app.get('/artifacts/:sha256', artifactDownload(services));
  app.get('*', staticFiles(options.webDirectory));
  app.notFound(() => {
    throw notFound('such page');
  });
  return app;
}

function createApi(services: Services): Hono {
  const api = new Hono();
  api.use(async (c, next) => {
    await next();
    c.header('Cache-Control', 'no-store');
  });
  api.get('/health', (c) => c.json({ status: 'ok' }));
  api.use(requireToken(services.token));
  api.route('/things', thingRoutes(services));
  api.route('/alarms', alarmRoutes(services));
  api.route('/things', shadowRoutes(services));
  api.route('/jobs', jobRoutes(services));
  api.route('/provisioning-templates', enrolmentRoutes(services));
  api.route('/', actionRoutes(services));
  api.route('/projects', projectRoutes(services));
  api.route('/keys', keyRoutes(services));
  api.route('/', deviceRoutes(services));
  api.route('/', workflowRoutes(services));
  api.route('/', fanoutRoutes(services));
  api.route('/', releaseRoutes(services));
  api.route('/', cardRoutes(services));
  api.route('/', dataRoutes(services));
  api.route('/', telemetryRoutes(services));
  api.get('/stream', (c) => {
    c.header('Content-Type', 'text/event-stream');
    c.header('X-Accel-Buffering', 'no');
    return c.body(services.hub.connect());
  });
  api.all('*', (c) => {
    throw notFound(`${c.req.method} ${c.req.path}`);
  });
  return api;
}

/** Of an artifact, which may be large and the way to here slow. */
export function isUpload(method: string, path: string): boolean {
  return method === 'PUT' && path.startsWith(`${apiRoot}/artifacts/`);
}

function asKnown(error: Error, log: Logger): GatehouseError {
  if (!(error instanceof GatehouseError)) {
    log.error('request failed', { error, stack: error.stack });
    return new GatehouseError('INTERNAL', 'Something went wrong inside; the log of the cloud tells more.');
  }
  if (statusOf(error) >= 500) log.error('request failed', { error });
  return error;
}
