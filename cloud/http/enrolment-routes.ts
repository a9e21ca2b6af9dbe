/** Routes of provisioning templates and their claims. See `core/wire/enrolment.ts`. */
import { Hono } from 'hono';
import { provisioningTemplate } from '../../core/wire/enrolment.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

export function enrolmentRoutes({ enrolment }: Services): Hono {
  const routes = new Hono();
  routes.get('/', async (c) => c.json(await enrolment.listTemplates()));
  routes.post('/', async (c) =>
    c.json(await enrolment.createTemplate(await readBody(c, provisioningTemplate)), 201),
  );
  routes.post('/:name/enable', async (c) => c.json(await enrolment.setEnabled(c.req.param('name'), true)));
  routes.post('/:name/disable', async (c) => c.json(await enrolment.setEnabled(c.req.param('name'), false)));
  routes.post('/:name/claims', async (c) => c.json(await enrolment.createClaim(c.req.param('name')), 201));
  return routes;
}
