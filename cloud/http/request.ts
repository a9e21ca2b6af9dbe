/** Reads bodies and queries against a schema. */
import type { Context } from 'hono';
import { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { isDeeperThan, maxJsonLevels, tooManyLevels } from '../../core/json.js';
import { thingName } from '../../core/wire/messages.js';
import { requestInvalid } from './errors.js';

/** An absent body counts as `{}`. @throws REQUEST_INVALID */
export async function readBody<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const text = await c.req.text();
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    throw requestInvalid('the body is not JSON');
  }
  if (isDeeperThan(value, maxJsonLevels)) throw requestInvalid(`the body ${tooManyLevels}`);
  return matching(schema, value);
}

/** @throws REQUEST_INVALID */
export function readQuery<T extends z.ZodType>(c: Context, schema: T): z.output<T> {
  return matching(schema, c.req.query());
}

function matching<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw requestInvalid(faultsOf(result.error).join('; '));
  return result.data;
}

export const listQuery = z.object({
  thing: thingName.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** Names after one, in the order of their characters. */
export const pageQuery = z.object({
  after: z.string().max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(500),
});

const instant = z.iso
  .datetime({ offset: false })
  .transform((text) => Date.parse(text))
  .refine((ms) => Number.isFinite(ms), { message: 'no such time' });

export const exportQuery = z.object({
  thing: thingName.optional(),
  series: z.string().min(1).max(128).optional(),
  label: z
    .string()
    .regex(/^[^=]{1,64}=.{1,256}$/s, 'KEY=VALUE')
    .transform((text): [string, string] => [
      text.slice(0, text.indexOf('=')),
      text.slice(text.indexOf('=') + 1),
    ])
    .optional(),
  from: instant.optional(),
  to: instant.optional(),
  format: z.enum(['csv', 'jsonl']).default('csv'),
  resolution: z.enum(['raw', 'minute', 'hour']).default('raw'),
});

export const telemetryQuery = z.object({
  thing: thingName,
  series: z.string().min(1).max(128),
  from: instant.optional(),
  to: instant.optional(),
  maxPoints: z.coerce.number().int().min(1).max(5_000).default(500),
});
