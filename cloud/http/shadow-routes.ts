/** Routes of a thing's shadows: read, change, take away. See `core/wire/api.ts`. */
import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { JsonObject } from '../../core/json.js';
import { thingUnknown } from '../registry/errors.js';
import { shadowRefused } from '../shadow/errors.js';
import { isRejection, reject } from '../shadow/request.js';
import type { Shadow } from '../shadow/shadow-store.js';
import { documentOf } from '../shadow/shadow-topics.js';
import { readBody, readQuery } from './request.js';
import type { Services } from './services.js';

const shadowQuery = z.object({
  name: z
    .string()
    .regex(/^[A-Za-z0-9:_-]{0,64}$/)
    .default(''),
});

/** Below `/things`. */
export function shadowRoutes({ registry, shadows, shadowTopics }: Services): Hono {
  const routes = new Hono();
  const read = async (c: Context) => {
    const thing = c.req.param('name') ?? '';
    if ((await registry.getThing(thing)) === undefined) throw thingUnknown(thing);
    return { thing, name: readQuery(c, shadowQuery).name };
  };
  routes.get('/:name/shadows', async (c) => {
    const { thing } = await read(c);
    return c.json({ names: await shadows.names(thing) });
  });
  routes.get('/:name/shadow', async (c) => {
    const { thing, name } = await read(c);
    const shadow = await shadows.get(thing, name);
    if (shadow === undefined) throw shadowRefused(reject(404, 'There is no such shadow'));
    return c.json(viewOf(shadow));
  });
  routes.post('/:name/shadow', async (c) => {
    const { thing, name } = await read(c);
    const body = await readBody(c, z.record(z.string(), z.json()));
    const result = await shadowTopics.update(thing, name, body as JsonObject);
    if (isRejection(result)) throw shadowRefused(result);
    return c.json(viewOf(result));
  });
  routes.delete('/:name/shadow', async (c) => {
    const { thing, name } = await read(c);
    const shadow = await shadowTopics.delete(thing, name);
    if (shadow === undefined) throw shadowRefused(reject(404, 'There is no such shadow'));
    return c.json({ version: shadow.version });
  });
  return routes;
}

function viewOf(shadow: Shadow) {
  const updatedAt = new Date(shadow.updatedMs).toISOString();
  return { ...documentOf(shadow), version: shadow.version, updatedAt };
}
