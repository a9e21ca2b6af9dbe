/** Routes of telemetry: series and labels, plots, export, what it takes of the disk. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import { z } from 'zod';
import { seriesLabels } from '../../core/wire/api.js';
import { exportText } from '../telemetry/telemetry-export.js';
import { usageOf } from '../telemetry/usage.js';
import { notFound, requestInvalid } from './errors.js';
import { exportQuery, readBody, readQuery, telemetryQuery } from './request.js';
import type { Services } from './services.js';

const dayMs = 86_400_000;
const pruneRequest = z.strictObject({
  olderThanMs: z.int().min(0).optional(),
  maxBytes: z.int().min(1).optional(),
  dryRun: z.boolean().default(false),
});

export function telemetryRoutes({ clock, database, telemetry, retention }: Services): Hono {
  const routes = new Hono();
  routes.get('/series', (c) => c.json(telemetry.list()));
  routes.put('/series/labels', async (c) => {
    const { thing, series, labels } = await readBody(c, seriesLabels);
    if (!(await telemetry.setLabels(thing, series, labels))) throw notFound(`series ${series} of ${thing}`);
    return c.json({ thing, series, labels });
  });
  routes.get('/telemetry', async (c) => {
    const query = readQuery(c, telemetryQuery);
    const toMs = query.to ?? clock.now();
    const fromMs = query.from ?? toMs - dayMs;
    if (fromMs >= toMs) throw requestInvalid('"from" is not before "to"');
    const view = await telemetry.query({ ...query, fromMs, toMs });
    if (view === undefined) throw notFound(`series ${query.series} of ${query.thing}`);
    return c.json(view);
  });
  routes.get('/telemetry/export', (c) => {
    const { thing, series, label, from, to, format, resolution } = readQuery(c, exportQuery);
    const chosen = telemetry.select({ thing, series, label });
    const range = { fromMs: from ?? Number.MIN_SAFE_INTEGER, toMs: to ?? Number.MAX_SAFE_INTEGER };
    const text = exportText(database, chosen, { format, resolution, ...range });
    c.header('Content-Type', format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
    c.header('Content-Disposition', `attachment; filename="telemetry.${format}"`);
    return c.body(asStream(text));
  });
  routes.get('/telemetry/usage', async (c) => c.json(await usageOf(database, telemetry, retention.limits)));
  routes.post('/telemetry/prune', async (c) => {
    const { olderThanMs, maxBytes, dryRun } = await readBody(c, pruneRequest);
    const { limits } = retention;
    const wanted = {
      maxAgeMs: olderThanMs === undefined ? limits.maxAgeMs : { ...limits.maxAgeMs, raw: olderThanMs },
      maxBytes: maxBytes ?? limits.maxBytes,
    };
    return c.json(dryRun ? await retention.plan(wanted) : await retention.prune(wanted));
  });
  return routes;
}

/** The next piece is made when the reader has taken the last. */
function asStream(pieces: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(utf8.encode(value));
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 1 },
  );
}
