/** Routes of alarms and their rules. See `core/wire/alarms.ts`. */
import { Hono } from 'hono';
import {
  ackRequest,
  alarmHistoryQuery,
  alarmQuery,
  alarmRule,
  snoozeRequest,
} from '../../core/wire/alarms.js';
import { readBody, readQuery } from './request.js';
import type { Services } from './services.js';

export function alarmRoutes({ alarms }: Services): Hono {
  const routes = new Hono();
  routes.get('/', (c) => c.json(alarms.alarms(readQuery(c, alarmQuery))));
  routes.get('/rules', (c) => c.json(alarms.rules()));
  routes.post('/rules', async (c) => c.json(await alarms.createRule(await readBody(c, alarmRule)), 201));
  routes.get('/rules/:name', (c) => c.json(alarms.rule(c.req.param('name'))));
  routes.delete('/rules/:name', async (c) => {
    await alarms.deleteRule(c.req.param('name'));
    return c.json({ deleted: true });
  });
  routes.get('/history', async (c) => c.json(await alarms.history(readQuery(c, alarmHistoryQuery))));
  routes.post('/ack', async (c) => {
    const { rule, subject } = await readBody(c, ackRequest);
    return c.json(await alarms.acknowledge(rule, subject));
  });
  routes.post('/snooze', async (c) => {
    const { rule, subject, forMs } = await readBody(c, snoozeRequest);
    return c.json(await alarms.snooze(rule, subject, forMs));
  });
  return routes;
}
