import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../core/config.js';
import { gatewayConfig } from '../../gateway/config.js';

const job = {
  name: 'nas',
  paths: ['/srv'],
  repository: 's3://my-bucket/nas',
  endpoint: 'https://s3.example.org',
  passwordFile: '/etc/gatehouse/nas-password',
  every: 'daily 02:30',
  limitUpload: '2M',
};

const faultsIn = (value: unknown) => {
  try {
    parseConfig(gatewayConfig, value, 'gateway.json');
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('the configuration of the gateway', () => {
  test('takes a job as the guide shows it, and none at all', () => {
    const config = parseConfig(gatewayConfig, { dataDir: '/var/lib/gatehouse', jobs: [job] }, 'x');
    expect(config.jobs[0]).toMatchObject({ ...job, excludes: [] });
    expect(parseConfig(gatewayConfig, { dataDir: '/var/lib/gatehouse' }, 'x').jobs).toEqual([]);
  });

  test.each(['backup.md', 'synology.md'])('takes what docs/%s shows', async (name) => {
    const page = await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
    const examples = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text);
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) expect(faultsIn(JSON.parse(text))).toBe('');
  });

  test('names every fault at once with its path', () => {
    const message = faultsIn({
      dataDir: 'relative',
      jobs: [
        { ...job, every: 'often', limitUpload: 'fast', repository: 'sftp:host:/x' },
        { ...job, endpoint: 'host', extra: 1, accessKeyIdFile: '/a' },
      ],
    });
    for (const part of [
      'dataDir: must be an absolute path',
      'jobs.0.every: "often" does not say how often.',
      'jobs.0.limitUpload: "fast" is not a transfer rate.',
      'jobs.0.repository: "sftp:host:/x"',
      'jobs.1.endpoint: must be an http:// or https:// address',
      'jobs.1: Unrecognized key: "extra"',
    ]) {
      expect(message).toContain(part);
    }
  });

  test('refuses two jobs of one name, and half a pair of keys', () => {
    expect(faultsIn({ dataDir: '/d', jobs: [job, job] })).toContain('jobs.1.name: the name "nas" is taken');
    expect(faultsIn({ dataDir: '/d', jobs: [{ ...job, accessKeyIdFile: '/a' }] })).toContain('go together');
  });

  test('says at which character a schedule is wrong, and what does not go together', () => {
    const { every: _, ...unscheduled } = job;
    const message = faultsIn({
      dataDir: '/d',
      timeZone: 'Europe/Atlantis',
      jobs: [
        { ...unscheduled, name: 'a', schedule: 'Mon..Fri 25:30' },
        { ...job, name: 'b', schedule: 'daily' },
        { ...job, name: 'c', stdinCommand: { command: ['pg_dumpall'], fileName: '../x' } },
        { ...job, name: 'd', paths: [] },
        { ...job, name: 'e', before: [{ command: [] }], verify: { every: '1d', part: '2/30' } },
      ],
    });
    for (const part of [
      'timeZone: must be a time zone',
      'jobs.0.schedule: The schedule "Mon..Fri 25:30" is not understood at character 10',
      'jobs.1.schedule: give either every or schedule',
      'jobs.2.stdinCommand.fileName: a name or relative path',
      'jobs.3.paths: name at least one path',
      'jobs.4.before.0.command',
      'jobs.4.verify.part: write 1/n',
    ]) {
      expect(message).toContain(part);
    }
    expect(faultsIn({ dataDir: '/d', jobs: [{ ...unscheduled, schedule: 'Mon..Fri 02:30' }] })).toBe('');
    expect(faultsIn({ dataDir: '/d', jobs: [unscheduled] })).toBe('');
  });

  test('describes every key', () => {
    const schema = z.toJSONSchema(gatewayConfig, { io: 'input', unrepresentable: 'any' });
    const undescribed = (node: z.core.JSONSchema.BaseSchema, path: string): string[] =>
      Object.entries(node.properties ?? {}).flatMap(([key, value]) => {
        if (typeof value === 'boolean') return [];
        const inner = typeof value.items === 'object' && !Array.isArray(value.items) ? value.items : value;
        const missing = value.description === undefined ? [path + key] : [];
        return [...missing, ...undescribed(inner as z.core.JSONSchema.BaseSchema, `${path}${key}.`)];
      });
    expect(undescribed(schema, '')).toEqual([]);
  });
});
