/** Routes for workflows and their executions. See `core/wire/api.ts`. */
import { Hono } from 'hono';
import { saveWorkflow } from '../../core/wire/workflows.js';
import { listQuery, readBody, readQuery } from './request.js';
import type { Services } from './services.js';

export function workflowRoutes({ workflows, workflowEngine }: Services): Hono {
  const routes = new Hono();
  routes.get('/workflows', async (c) => c.json(await workflows.list()));
  routes.post('/workflows', async (c) => {
    const { name, definition, replace } = await readBody(c, saveWorkflow);
    await workflows.save(name, definition, replace);
    return c.json(await workflows.get(name));
  });
  routes.get('/workflows/:name', async (c) => c.json(await workflows.get(c.req.param('name'))));
  routes.get('/workflows/:name/executions', async (c) => {
    const { limit } = readQuery(c, listQuery);
    return c.json(await workflows.executions(c.req.param('name'), limit));
  });
  routes.get('/executions/:id', async (c) => c.json(await workflows.executionView(c.req.param('id'))));
  routes.post('/executions/:id/stop', async (c) => {
    await workflowEngine.stop(c.req.param('id'));
    return c.json(await workflows.executionView(c.req.param('id')));
  });
  return routes;
}
