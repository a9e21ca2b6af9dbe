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
      filterMs: 0,
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

  it('takes every kind of sensor with its own settings, and no others', () => {
    const sensors =
      (...list: object[]) =>
      () =>
        parse({ dataDir: '/x', sensors: list.map((entry, index) => ({ name: `s${index}`, ...entry })) });
    expect(
      sensors(
        {
          chip: 'ina219',
          cells: 2,
          shuntOhms: 0.05,
          curve: [
            [3, 0],
            [4.2, 100],
          ],
        },
        { chip: 'ads1115', channels: [0, 2], rangeV: 2.048, factor: 3 },
        { chip: 'hc-sr04', triggerPin: 'GPIO23', echoPin: 'pin 18', temperatureC: 12 },
        { chip: 'ds18b20', id: '28-0316a2798fff' },
        { chip: 'ds18b20' },
      )().sensors.map(({ address }) => address),
    ).toEqual([0x40, 0x48, undefined, undefined, undefined]);
    expect(sensors({ chip: 'bme280', id: '28-0316a2798fff' })).toThrow(
      /sensors\.0\.id: a bme280 has no such/,
    );
    expect(sensors({ chip: 'hc-sr04', triggerPin: 'GPIO23' })).toThrow(
      /sensors\.0\.echoPin: a hc-sr04 needs it/,
    );
    expect(sensors({ chip: 'hc-sr04', triggerPin: 'GPIO23', echoPin: 'pin 9' })).toThrow(/carries ground/);
    expect(sensors({ chip: 'tmp102', address: '0x76' })).toThrow(/can be at 0x48 to 0x4b only/);
    expect(
      sensors({
        chip: 'ina219',
        curve: [
          [4, 1],
          [3, 2],
        ],
      }),
    ).toThrow(/voltages must rise/);
    expect(sensors({ chip: 'tmp102' }, { chip: 'ads1115' })).toThrow(/"0x48" is used twice/);
  });

  it('knows a line by any of its names', () => {
    const buttons =
      (...pins: string[]) =>
      () =>
        parse({ dataDir: '/x', buttons: pins.map((pin, index) => ({ name: `b${index}`, pin })) });
    expect(buttons('GPIO17', 'pin 13', 'TXD1')).not.toThrow();
    expect(buttons('GPIO17', 'pin 11')).toThrow(/buttons\.1\.pin: "GPIO17" is used twice/);
    expect(buttons('P1')).toThrow(/carries 3\.3 V/);
  });

  it('knows the line of an output by the same names', () => {
    const outputs =
      (...pins: string[]) =>
      () =>
        parse({
          dataDir: '/x',
          buttons: [{ name: 'b', pin: 'GPIO17' }],
          outputs: pins.map((pin, index) => ({ name: `o${index}`, pin })),
        });
    expect(outputs('GPIO22', 'pin 16', 'J8:18', '25', 'TXD1')).not.toThrow();
    expect(outputs('GPIO22', 'pin 15')).toThrow(/outputs\.1\.pin: "pin 15" is used twice/);
    expect(outputs('BOARD11')).toThrow(/outputs\.0\.pin: "BOARD11" is used twice/);
    expect(outputs('pin 14')).toThrow(/carries ground/);
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
    expect(twice).toThrow(/buttons\.1\.pin: "GPIO17" is used twice/);
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
