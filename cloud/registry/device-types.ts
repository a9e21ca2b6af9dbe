/**
 * The device types as data: what each kind of device is called on the wire, how many clicks its battery
 * is rated for, and which 1-Click methods it has. The configuration adds types, or replaces these.
 */
import { z } from 'zod';

/** Every method that 1-Click knows, by the name that `InvokeDeviceMethod` wants. */
export const deviceMethods = {
  getDeviceHealthParameters: 'device',
  setDeviceHealthMonitorCallback: 'device',
  getDeviceHealthMonitorCallback: 'device',
  setOnClickCallback: 'button',
  getOnClickCallback: 'button',
} as const;
export type DeviceMethodName = keyof typeof deviceMethods;

const methodNames = Object.keys(deviceMethods) as [DeviceMethodName, ...DeviceMethodName[]];

const deviceTypeConfig = z.strictObject({
  type: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,128}$/)
    .describe('Name of the type, for "gatehouse device create --type".'),
  kind: z
    .string()
    .min(1)
    .max(128)
    .default('button')
    .describe('What events, templates and the 1-Click API call it.'),
  ratedClicks: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Clicks that its battery is rated for; null for a life that is not counted.'),
  methods: z
    .array(z.enum(methodNames))
    .default([...methodNames])
    .describe('The 1-Click device methods that it has.'),
});
export type DeviceType = Readonly<z.output<typeof deviceTypeConfig>>;

export const deviceTypesConfig = z
  .array(deviceTypeConfig)
  .max(100)
  .default([])
  .refine((list) => new Set(list.map(({ type }) => type)).size === list.length, 'type names must differ');

const builtIn: readonly DeviceType[] = [
  // AWS IoT Enterprise Button: "up to 2,000 clicks".
  { type: 'button', kind: 'button', ratedClicks: 2_000, methods: methodNames },
  // AT&T LTE-M Button: 1,500 clicks.
  { type: 'lte-m-button', kind: 'button', ratedClicks: 1_500, methods: methodNames },
  // A button with a supply of its own, for instance one on the lines of a Pi.
  { type: 'wired-button', kind: 'button', ratedClicks: null, methods: methodNames },
  { type: 'sensor', kind: 'sensor', ratedClicks: null, methods: [] },
];

export class DeviceTypes {
  readonly #types: ReadonlyMap<string, DeviceType>;

  constructor(more: readonly DeviceType[] = []) {
    this.#types = new Map([...builtIn, ...more].map((type) => [type.type, type]));
  }

  get names(): string[] {
    return [...this.#types.keys()];
  }

  get(type: string): DeviceType | undefined {
    return this.#types.get(type);
  }

  /** What the wire calls a device of that type. */
  kindOf(type: string): string {
    return this.#types.get(type)?.kind ?? type;
  }

  /** Types that a filter or a template means by a name: its own, or that of a kind. */
  meantBy(name: string): string[] {
    return [...this.#types.values()]
      .filter(({ type, kind }) => type === name || kind === name)
      .map((t) => t.type);
  }

  /** Percent of the rated life that is left after `clicks`, 0 to 100; null for a type without one. */
  remainingLife(type: string, clicks: number): number | null {
    const rated = this.#types.get(type)?.ratedClicks ?? null;
    if (rated === null) return null;
    return Math.min(100, Math.max(0, 100 * (1 - clicks / rated)));
  }
}
