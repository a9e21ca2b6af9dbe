/** Holds values against the shapes, with the error that the REST API knows. */
import type { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import { projectInvalid } from './errors.js';
import type { Attributes } from './shapes.js';

/** @throws PROJECT_INVALID naming every fault */
export function check<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (!result.success) throw projectInvalid(faultsOf(result.error).join('; '));
  return result.data;
}

/** An empty value clears an attribute. */
export function withoutEmpty(map: Attributes): Attributes {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== ''));
}
