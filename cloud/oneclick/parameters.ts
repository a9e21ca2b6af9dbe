/** The parameters that both services share, with the limits of their API model. */
import { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { isDeeperThan, maxJsonLevels, tooManyLevels } from '../../core/json.js';
import { parameterInvalid } from './errors.js';
import { queryPairs } from './sigv4.js';

/** What a handler gets of a request. */
export interface Call {
  /** From the path, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  /** Parsed JSON; `{}` for none. */
  readonly body: unknown;
}

/** Answers with the body of a success; undefined for none. */
export type Handler = (call: Call) => Promise<unknown>;

export const paging = {
  maxResults: z.coerce.number().int().min(1).max(250).default(100),
  nextToken: z.string().max(1024).optional(),
};

const maxTags = 50;
const tagValue = z.string().max(256);
/** Of devices; a published sample has a blank in it. */
const deviceTagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(/^(?!aws:)/, 'must not begin with "aws:"');
const projectTagKey = z
  .string()
  .min(1)
  .max(128)
  .regex(/^(?!aws:)[a-zA-Z+-=._:/]+$/, 'letters, digits and + - = . _ : / only, not beginning with "aws:"');

function tagsBy(key: z.ZodString) {
  return z
    .record(key, tagValue)
    .refine((map) => Object.keys(map).length <= maxTags, `at most ${maxTags} tags`);
}
export const deviceTags = tagsBy(deviceTagKey);
export const projectTags = tagsBy(projectTagKey);

type Tags = Readonly<Record<string, string>>;

/** Lays new tags over old ones. @throws ONECLICK_PARAMETER_INVALID */
export function tagsOver(schema: typeof deviceTags, before: Tags, body: unknown): Tags {
  const { tags } = read(z.object({ tags: schema }), body);
  if (Object.keys(tags).length === 0) throw parameterInvalid('tags: there is none');
  return read(schema, { ...before, ...tags });
}

/** Takes away what the query names; what is not there is no error. @throws ONECLICK_PARAMETER_INVALID */
export function tagsWithout(before: Tags, query: Call['query']): Tags {
  const keys = new Set(query.filter(([name]) => name === 'tagKeys').map(([, key]) => key));
  if (keys.size === 0 || keys.size > maxTags) throw parameterInvalid(`tagKeys: 1 to ${maxTags} are needed`);
  return Object.fromEntries(Object.entries(before).filter(([key]) => !keys.has(key)));
}

/** @throws ONECLICK_PARAMETER_INVALID naming every fault */
export function read<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw parameterInvalid(faultsOf(result.error).join('; '));
  return result.data;
}

/** Single values of a query; of a repeated one the first. */
export function single(query: Call['query']): Record<string, string> {
  return Object.fromEntries([...query].reverse());
}

/** @throws ONECLICK_PARAMETER_INVALID */
export function parseCall(path: Call['path'], rawQuery: string, body: Uint8Array): Call {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let value: unknown = {};
  try {
    if (text.trim() !== '') value = JSON.parse(text);
  } catch {
    throw parameterInvalid('the body is not JSON');
  }
  if (isDeeperThan(value, maxJsonLevels)) throw parameterInvalid(`the body ${tooManyLevels}`);
  return { path, query: queryPairs(rawQuery), body: value };
}
