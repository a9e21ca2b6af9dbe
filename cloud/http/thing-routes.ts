/** Routes of things: list, create, claim token, press, revoke. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import { createThing, outputRequest, pressRequest } from '../../core/wire/api.js';
import { thingUnknown } from '../registry/errors.js';
import { switchRemotely } from '../things/remote-output.js';
import { pressRemotely } from '../things/remote-press.js';
import { setVersion } from './preconditions.js';
import { pageQuery, readBody, readQuery } from './request.js';
import type { Services } from './services.js';

export function thingRoutes(services: Services): Hono {
  const { things, registry, states, hub } = services;
  const told = async (name: string) => {
    const view = await things.view(name);
    hub.publish({ type: 'thing', data: view });
    return view;
  };
  const routes = new Hono();
  routes.get('/', async (c) => c.json(await things.list(readQuery(c, pageQuery))));
  routes.post('/', async (c) => {
    const { name, type } = await readBody(c, createThing);
    await registry.createThing(name, type);
    return c.json(await told(name), 201);
  });
  routes.get('/:name', async (c) => {
    const view = await things.view(c.req.param('name'));
    setVersion(c, view);
    return c.json(view);
  });
  routes.post('/:name/claim-token', async (c) =>
    c.json(await services.createClaimToken(c.req.param('name')), 201),
  );
  routes.post('/:name/press', async (c) => {
    const name = c.req.param('name');
    const press = await readBody(c, pressRequest);
    if ((await registry.getThing(name)) === undefined) throw thingUnknown(name);
    return c.json({ id: await pressRemotely(states, services.publishCommand, name, press) }, 202);
  });
  routes.post('/:name/output', async (c) => {
    const name = c.req.param('name');
    const request = await readBody(c, outputRequest);
    if ((await registry.getThing(name)) === undefined) throw thingUnknown(name);
    return c.json({ id: await switchRemotely(states, services.publishCommand, name, request) }, 202);
  });
  routes.post('/:name/revoke', async (c) => {
    const name = c.req.param('name');
    const certificateIds = await registry.revokeThing(name);
    await told(name);
    return c.json({ certificateIds });
  });
  return routes;
}
