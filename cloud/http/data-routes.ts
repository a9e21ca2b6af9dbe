/** Routes that read clicks, runs, projects, telemetry and backups. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import type { Overview } from '../../core/wire/api.js';
import { backupReport } from '../../core/wire/backups.js';
import { listClicks } from '../ingest/click-store.js';
import { notFound } from './errors.js';
import { listQuery, readBody, readQuery } from './request.js';
import type { Services } from './services.js';

const overviewRows = 50;
/** A page with more cards than that helps nobody; the rest is found by its name. */
const overviewThings = 200;

export function dataRoutes(services: Services): Hono {
  const { database, runs, backups, hub } = services;
  const routes = new Hono();
  routes.get('/overview', async (c) => c.json(await overviewOf(services)));
  routes.get('/clicks', async (c) => {
    const { thing, limit } = readQuery(c, listQuery);
    return c.json(await listClicks(database, thing, limit));
  });
  routes.get('/runs', async (c) => {
    const { thing, limit } = readQuery(c, listQuery);
    return c.json(await runs.list(thing, limit));
  });
  routes.get('/runs/:id', async (c) => {
    const run = await runs.get(c.req.param('id'));
    if (run === undefined) throw notFound(`run ${c.req.param('id')}`);
    return c.json(run);
  });
  routes.get('/refusals', (c) => c.json(services.refusals.list()));
  routes.get('/backups', async (c) => c.json(await backups.list()));
  routes.post('/backups/reports', async (c) => {
    const report = await readBody(c, backupReport);
    await backups.store(report);
    hub.publish({ type: 'backup', data: report });
    return c.json({ stored: true });
  });
  return routes;
}

async function overviewOf(services: Services): Promise<Overview> {
  return {
    version: services.version,
    startedAt: new Date(services.startedMs).toISOString(),
    things: await services.things.list({ limit: overviewThings }),
    thingsTotal: await services.things.count(),
    clicks: await listClicks(services.database, undefined, overviewRows),
    runs: await services.runs.list(undefined, overviewRows),
    backups: await services.backups.list(),
  };
}
