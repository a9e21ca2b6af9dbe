import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseConfig } from '../../core/config.js';
import { agentConfig } from '../../device/config.js';

const parse = (value: unknown) => parseConfig(agentConfig, value, 'test');

describe('the agent configuration', () => {
  it('fills in defaults', () => {
    const config = parse({
      dataDir: '/var/lib/gatehouse',
      buttons: [{ name: 'door', pin: 'GPIO17' }],
      sensors: [
        { name: 'room', chip: 'bme280' },
        { name: 'attic', chip: 'tmp102', address: '0x49' },
      ],
    });
    expect(config.buttons[0]).toEqual({
      name: 'door',
      pin: 'GPIO17',
      activeLow: true,
      debounceMs: 10,
      doubleMs: 300,
      longMs: 1500,
      double: true,
      long: true,
      feedback: [],
    });
    expect(config.sensors.map((sensor) => [sensor.address, sensor.everyMs])).toEqual([
      [0x76, 10_000],
      [0x49, 10_000],
    ]);
    expect(config.mqtt).toEqual({ protocol: '3.1.1', transport: 'auto', keepAliveSeconds: 30 });
    expect([config.gpio.route, config.i2c.route, config.i2c.bus]).toEqual(['auto', 'auto', 1]);
  });

  it('never prints the claim token', () => {
    const config = parse({ dataDir: '/x', identity: { claimToken: 'ghct1.secret' } });
    expect(JSON.stringify(config)).not.toContain('secret');
    expect(config.identity.claimToken?.reveal()).toBe('ghct1.secret');
  });

  it('refuses unknown keys, double names and pins, and bad addresses, all at once with their paths', () => {
    const attempt = () =>
      parse({
        dataDir: '/x',
        colour: 'red',
        buttons: [
          { name: 'a', pin: 'GPIO17' },
          { name: 'a', pin: '17', debouncems: 3 },
        ],
        sensors: [{ name: 's', chip: 'bme280', address: 0x80 }],
      });
    expect(attempt).toThrow(/colour/);
    expect(attempt).toThrow(/buttons\.1.*debouncems/);
    expect(attempt).toThrow(/sensors\.0\.address/);
    const twice = () =>
      parse({
        dataDir: '/x',
        buttons: [
          { name: 'a', pin: 'GPIO17' },
          { name: 'a', pin: '17' },
        ],
      });
    expect(twice).toThrow(/buttons\.1\.name: "a" is used twice/);
    expect(twice).toThrow(/buttons\.1\.pin: "17" is used twice/);
    expect(() => parse({ dataDir: '/x', identity: { claimToken: 'a', claimTokenFile: 'b' } })).toThrow(
      /not both/,
    );
  });

  it('describes every key', () => {
    const missing: string[] = [];
    walk(z.toJSONSchema(agentConfig, { io: 'input' }), '', missing);
    expect(missing).toEqual([]);
  });
});

/** Collects leaves without a description. */
function walk(schema: z.core.JSONSchema.BaseSchema, path: string, missing: string[]): void {
  if (schema.properties === undefined && typeof schema.items !== 'object') {
    if (schema.description === undefined) missing.push(path);
    return;
  }
  for (const [key, value] of Object.entries(schema.properties ?? {})) {
    if (typeof value === 'object') walk(value, `${path}.${key}`, missing);
  }
  if (typeof schema.items === 'object' && !Array.isArray(schema.items))
    walk(schema.items, `${path}[]`, missing);
}
