/**
 * Reads a program's configuration once: strict schema, unknown keys refused, every fault reported
 * together with its path. The result is frozen and handed down in slices.
 */
import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { GatehouseError, messageOf, systemCode } from './errors.js';

/**
 * @throws CONFIG_UNREADABLE when the file cannot be read, CONFIG_INVALID when it is not JSON or
 * does not fit the schema.
 */
export async function loadConfig<T extends z.ZodType>(schema: T, filePath: string): Promise<z.output<T>> {
  let text: string;
  try {
    text = await readFile(filePath, 'utf8');
  } catch (error) {
    throw new GatehouseError(
      'CONFIG_UNREADABLE',
      `Cannot read the configuration ${filePath}: ${messageOf(error)}.`,
      {
        cause: error,
        context: { filePath, system: systemCode(error) },
        hint: 'Check the path given with --config and that this user may read it.',
      },
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new GatehouseError('CONFIG_INVALID', `${filePath} is not valid JSON: ${messageOf(error)}.`, {
      cause: error,
      context: { filePath },
      hint: 'Mend the JSON; a trailing comma or a missing quote is the usual cause.',
    });
  }
  return parseConfig(schema, value, filePath);
}

/** Checks a value that is already in memory. @throws CONFIG_INVALID listing every fault. */
export function parseConfig<T extends z.ZodType>(schema: T, value: unknown, source: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return deepFreeze(result.data);
  const faults = faultsOf(result.error);
  throw new GatehouseError(
    'CONFIG_INVALID',
    `${source} does not fit:\n${faults.map((f) => `  ${f}`).join('\n')}`,
    {
      context: { source, faults: faults.length },
      hint: 'Mend the keys named above.',
    },
  );
}

/** One line per fault: `path: what is wrong`. */
export function faultsOf(error: z.ZodError): string[] {
  return error.issues.map(
    (issue) => `${issue.path.map(String).join('.') || '(top level)'}: ${issue.message}`,
  );
}

function deepFreeze<T>(value: T): T {
  const prototype: unknown =
    typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== Object.prototype && !Array.isArray(value)) return value;
  for (const member of Object.values(value as object)) deepFreeze(member);
  return Object.freeze(value);
}
