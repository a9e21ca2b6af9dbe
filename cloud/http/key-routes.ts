/** Routes of the access keys for the 1-Click API. A secret is told once, when its key is made. */
import { Hono } from 'hono';
import { type AccessKeyView, createAccessKey } from '../../core/wire/project-api.js';
import type { AccessKey } from '../oneclick/access-keys.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function keyRoutes({ accessKeys }: Services): Hono {
  const routes = new Hono();
  routes.get('/', (c) => c.json(accessKeys.list().map(viewOf)));
  routes.post('/', async (c) => {
    const { name, policy } = await readBody(c, createAccessKey);
    const { id, secret } = await accessKeys.create(name, policy);
    return c.json({ accessKeyId: id, secretAccessKey: secret.reveal(), name }, 201);
  });
  routes.delete('/:id', async (c) => {
    await accessKeys.delete(c.req.param('id'));
    return c.json({ deleted: true });
  });
  return routes;
}

function viewOf({ id, name, createdMs, policyDocument }: AccessKey): AccessKeyView {
  return { accessKeyId: id, name, createdAt: new Date(createdMs).toISOString(), policy: policyDocument };
}
