/** Writes the reference of all configuration keys from the schemas themselves, as Markdown. */
import { z } from 'zod';

interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface ConfigPage {
  readonly title: string;
  readonly introduction: string;
  readonly schema: z.ZodType;
}

/** One section per program, one row per key. */
export function configurationPage(pages: readonly ConfigPage[]): string {
  const sections = pages.map((page) => {
    const schema = z.toJSONSchema(page.schema, { io: 'input', unrepresentable: 'any' }) as Schema;
    const rows = rowsOf(schema, '');
    return [
      `## ${page.title}`,
      '',
      page.introduction,
      '',
      '| key | value | default | |',
      '|---|---|---|---|',
      ...rows,
    ].join('\n');
  });
  return [
    '# Configuration',
    '',
    'Each program reads one JSON file, given with `--config`. Unknown keys are refused, and all faults are',
    'reported at once with their paths. This page is written from the schemas by',
    '`node scripts/configuration-page.mjs`.',
    '',
    sections.join('\n\n'),
    '',
  ].join('\n');
}

function rowsOf(schema: Schema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const path = prefix + key;
    const required = schema.required?.includes(key) ?? false;
    return [rowOf(path, value, required), ...childrenOf(value, path)];
  });
}

function rowOf(path: string, schema: Schema, required: boolean): string {
  const given =
    schema.default === undefined ? (required ? '**required**' : '') : `\`${JSON.stringify(schema.default)}\``;
  const cells = [`\`${path}\``, valueText(schema), given, schema.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function childrenOf(schema: Schema, path: string): string[] {
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  const element = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  return [
    ...rowsOf(schema, `${path}.`),
    ...variants.flatMap((variant) => rowsOf(variant, `${path}.`)),
    ...(schema.items ? childrenOf(schema.items, `${path}[]`) : []),
    ...(element ? childrenOf(element, `${path}.NAME`) : []),
  ];
}

function valueText(schema: Schema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (variants.length > 0) return [...new Set(variants.map(valueText))].join(' or ');
  if (schema.type === 'array') return `list of ${schema.items ? valueText(schema.items) : 'anything'}`;
  const type = Array.isArray(schema.type) ? schema.type.join(' or ') : String(schema.type ?? 'anything');
  return type + rangeOf(schema);
}

function rangeOf({ minimum, maximum }: Schema): string {
  const low = minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low === undefined && high === undefined) return '';
  if (high === undefined) return `, from ${low}`;
  return low === undefined ? `, to ${high}` : `, ${low} to ${high}`;
}
