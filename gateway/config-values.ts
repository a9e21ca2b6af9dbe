/** Kinds of values that the gateway's configuration is made of. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { GatehouseError } from '../core/errors.js';
import { parseDuration } from './schedule/duration.js';

/** A text that `parse` understands; it stays as text, so that it is shown as it was written. */
export function text(parse: (value: string) => unknown) {
  return z.string().superRefine((value, context) => {
    try {
      parse(value);
    } catch (error) {
      if (!(error instanceof GatehouseError)) throw error;
      context.addIssue({ code: 'custom', message: [error.message, error.hint].filter(Boolean).join(' ') });
    }
  });
}

export const absolutePath = z.string().refine((path) => isAbsolute(path), 'must be an absolute path');
export const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' });
export const duration = text(parseDuration);
