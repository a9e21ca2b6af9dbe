import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadConfig, parseConfig } from '../../core/config.js';
import { GatehouseError } from '../../core/errors.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const schema = z.strictObject({
  port: z.int().min(1).default(8080),
  log: z.strictObject({ level: z.enum(['info', 'debug']) }),
  hosts: z.array(z.string()).default([]),
});

async function fileWith(content: string): Promise<string> {
  const filePath = join(await temporaryFolder(), 'config.json');
  await writeFile(filePath, content);
  return filePath;
}

describe('loadConfig', () => {
  it('fills in defaults and freezes the result, inside too', async () => {
    const config = await loadConfig(schema, await fileWith('{"log":{"level":"info"},"hosts":["a"]}'));
    expect(config).toEqual({ port: 8080, log: { level: 'info' }, hosts: ['a'] });
    for (const part of [config, config.log, config.hosts]) expect(Object.isFrozen(part)).toBe(true);
  });

  it('tells every fault at once, with its path, unknown keys among them', async () => {
    const filePath = await fileWith('{"port":0,"log":{"level":"loud","x":1},"pots":1}');
    const error = await loadConfig(schema, filePath).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(GatehouseError);
    const { code, message } = error as GatehouseError;
    expect(code).toBe('CONFIG_INVALID');
    for (const part of [filePath, 'port', 'log.level', '"x"', '"pots"']) expect(message).toContain(part);
  });

  it('tells a file that is missing from one that is not JSON', async () => {
    const missing = join(await temporaryFolder(), 'none.json');
    await expect(loadConfig(schema, missing)).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      context: { system: 'ENOENT' },
    });
    await expect(loadConfig(schema, await fileWith('{"port":1,}'))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('JSON'),
    });
  });
});

describe('parseConfig', () => {
  it('does not freeze what is no plain value', () => {
    const bytes = new Map([['a', 1]]);
    const parsed = parseConfig(z.object({ bytes: z.instanceof(Map) }), { bytes }, 'test');
    expect(Object.isFrozen(parsed)).toBe(true);
    expect(Object.isFrozen(parsed.bytes)).toBe(false);
  });

  it('names the top level when the whole value is wrong', () => {
    expect(() => parseConfig(schema, 'text', 'the option')).toThrow(
      /the option does not fit:\n {2}\(top level\)/,
    );
  });
});
