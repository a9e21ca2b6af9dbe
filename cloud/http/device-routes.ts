/** Routes of a device's life: manufacture, claim, enable, replace, counters. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import {
  changeThing,
  claimRequest,
  counterName,
  counterRequest,
  finalizeRequest,
  manufactureRequest,
  replaceRequest,
} from '../../core/wire/api.js';
import { newSerial } from '../devices/device-life.js';
import { thingUnknown } from '../registry/errors.js';
import { requestInvalid } from './errors.js';
import { expectedVersion, setVersion } from './preconditions.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function deviceRoutes(services: Services): Hono {
  const { life, counters, registry } = services;
  const told = (name: string) => tellOfThing(services, name);
  const routes = new Hono();
  routes.post('/manufacture', async (c) => {
    const { serials, count, type, box } = await readBody(c, manufactureRequest);
    const names = serials ?? Array.from({ length: count }, newSerial);
    return c.json(await life.manufacture(names, type, box), 201);
  });
  routes.post('/claims', async (c) => {
    const { claimCode } = await readBody(c, claimRequest);
    return c.json({ total: await life.claimByCode(claimCode) });
  });
  routes.patch('/things/:name', async (c) => {
    const { enabled } = await readBody(c, changeThing);
    await life.setEnabled(c.req.param('name'), enabled, expectedVersion(c));
    const view = await told(c.req.param('name'));
    setVersion(c, view);
    return c.json(view);
  });
  routes.post('/things/:name/initiate-claim', async (c) => {
    await life.initiateClaim(c.req.param('name'));
    return c.json(await told(c.req.param('name')));
  });
  routes.post('/things/:name/finalize-claim', async (c) => {
    const { tags } = await readBody(c, finalizeRequest);
    await life.finalizeClaim(c.req.param('name'), tags);
    return c.json(await told(c.req.param('name')));
  });
  routes.post('/things/:name/unclaim', async (c) => {
    await life.unclaim(c.req.param('name'));
    return c.json(await told(c.req.param('name')));
  });
  routes.post('/things/:name/replace', async (c) => {
    const { by } = await readBody(c, replaceRequest);
    await life.replace(c.req.param('name'), by);
    await told(c.req.param('name'));
    return c.json(await told(by));
  });
  routes.post('/things/:name/battery-replaced', async (c) => {
    await life.batteryReplaced(c.req.param('name'));
    return c.json(await told(c.req.param('name')));
  });
  routes.get('/things/:name/counters', async (c) => {
    const name = c.req.param('name');
    if ((await registry.getThing(name)) === undefined) throw thingUnknown(name);
    return c.json(await counters.list(name));
  });
  routes.post('/things/:name/counters/:counter', async (c) => {
    const { by } = await readBody(c, counterRequest);
    const counter = counterName.safeParse(c.req.param('counter'));
    if (!counter.success) throw requestInvalid('a counter is named by letters, digits, . _ and -');
    return c.json({ value: await counters.add(c.req.param('name'), counter.data, by) });
  });
  return routes;
}

/** The thing as it is now, which every open dashboard is told too. @throws THING_UNKNOWN */
async function tellOfThing({ things, hub }: Services, name: string) {
  const view = await things.view(name);
  hub.publish({ type: 'thing', data: view });
  return view;
}
