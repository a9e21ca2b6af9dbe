/**
 * The methods of a device, as `InvokeDeviceMethod` of 1-Click calls them: parameters and answers are JSON
 * in a text. AWS published a sample for `setOnClickCallback` only; the others follow its shape.
 */
import { z } from 'zod';
import { faultsOf } from '../../core/config.js';
import type { Database } from '../../core/db/database.js';
import { type DeviceMethodName, type DeviceTypes, deviceMethods } from '../registry/device-types.js';
import { changeThing } from '../registry/thing-rows.js';
import { lifeLeft, readFacts, type ThingFacts } from '../things/thing-facts.js';
import { deviceNotClaimed, methodInvalid, methodUnknown } from './errors.js';

export interface DeviceMethod {
  readonly deviceType: string;
  readonly methodName: string;
}

const callback = z.strictObject({
  awsLambdaArn: z.union([z.literal(''), z.string().regex(/^arn:/).max(2048)]),
});
const clickParameters = z.strictObject({ deviceId: z.string().optional(), callback });
const healthParameters = z.strictObject({
  deviceId: z.string().optional(),
  callback,
  /** Percent. */
  condition: z.strictObject({ remainingLifeLowerThan: z.number().min(0).max(100) }).optional(),
});
const defaultThreshold = 10;

export class DeviceMethods {
  readonly #database: Database;
  readonly #types: DeviceTypes;

  constructor(database: Database, types: DeviceTypes) {
    this.#database = database;
    this.#types = types;
  }

  methodsOf(type: string): DeviceMethod[] {
    const methods = this.#types.get(type)?.methods ?? [];
    return methods.map((methodName) => ({ deviceType: deviceMethods[methodName], methodName }));
  }

  /**
   * @param parameters JSON; undefined for none. A method that reads takes none, not even an empty text.
   * @returns JSON
   * @throws DEVICE_NOT_CLAIMED, METHOD_UNKNOWN, METHOD_INVALID, THING_CHANGED
   */
  async invoke(name: string, method: DeviceMethod, parameters: string | undefined): Promise<string> {
    const facts = await readFacts(this.#database, name);
    if (facts?.claim !== 'CLAIMED') throw deviceNotClaimed(name);
    const known = this.methodsOf(facts.type).some(
      ({ deviceType, methodName }) => methodName === method.methodName && deviceType === method.deviceType,
    );
    if (!known) throw methodUnknown(name, method.methodName);
    const methodName = method.methodName as DeviceMethodName;
    if (methodName.startsWith('get') && parameters !== undefined) {
      throw methodInvalid(`${methodName} takes no parameters`);
    }
    return this.#invoke(methodName, facts, parameters ?? '');
  }

  async #invoke(method: DeviceMethodName, facts: ThingFacts, parameters: string): Promise<string> {
    switch (method) {
      case 'getDeviceHealthParameters':
        // With the space that the published answer has.
        return `{"remainingLife": ${lifeLeft(this.#types, facts) ?? 100}}`;
      case 'getOnClickCallback':
        return clickCallbackOf(facts);
      case 'getDeviceHealthMonitorCallback':
        return healthCallbackOf(facts);
      case 'setOnClickCallback': {
        const given = parse(clickParameters, parameters, facts.name);
        return clickCallbackOf(
          await this.#set(facts, { onClickCallback: given.callback.awsLambdaArn || null }),
        );
      }
      case 'setDeviceHealthMonitorCallback': {
        const given = parse(healthParameters, parameters, facts.name);
        const healthCallback = given.callback.awsLambdaArn || null;
        const threshold = given.condition?.remainingLifeLowerThan ?? defaultThreshold;
        const healthThreshold = healthCallback === null ? null : threshold;
        return healthCallbackOf(await this.#set(facts, { healthCallback, healthThreshold }));
      }
    }
  }

  /** A new threshold is watched from anew. */
  #set(
    facts: ThingFacts,
    change: Partial<Pick<ThingFacts, 'onClickCallback' | 'healthCallback' | 'healthThreshold'>>,
  ): Promise<ThingFacts> {
    const changed = { ...facts, ...change };
    return this.#database.transaction(async (tx) => {
      await changeThing(tx, facts, {});
      await tx.run('INSERT INTO thing_state (thing) VALUES (?) ON CONFLICT (thing) DO NOTHING', [facts.name]);
      await tx.run(
        `UPDATE thing_state SET on_click_callback = ?, health_callback = ?,
           health_raised = CASE WHEN health_threshold IS ? THEN health_raised ELSE 0 END,
           health_threshold = ? WHERE thing = ?`,
        [
          changed.onClickCallback,
          changed.healthCallback,
          changed.healthThreshold,
          changed.healthThreshold,
          facts.name,
        ],
      );
      return changed;
    });
  }
}

function parse<T extends { readonly deviceId?: string | undefined }>(
  schema: z.ZodType<T>,
  text: string,
  name: string,
): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw methodInvalid('deviceMethodParameters is not JSON');
  }
  const result = schema.safeParse(value);
  if (!result.success) throw methodInvalid(faultsOf(result.error).join('; '));
  const { deviceId } = result.data;
  if (deviceId !== undefined && deviceId !== name) throw methodInvalid('deviceId is that of another device');
  return result.data;
}

function clickCallbackOf({ name, onClickCallback }: ThingFacts): string {
  return JSON.stringify({
    deviceId: name,
    ...(onClickCallback !== null && { callback: { awsLambdaArn: onClickCallback } }),
  });
}

function healthCallbackOf({ name, healthCallback, healthThreshold }: ThingFacts): string {
  return JSON.stringify({
    deviceId: name,
    ...(healthCallback !== null && {
      callback: { awsLambdaArn: healthCallback },
      condition: { remainingLifeLowerThan: healthThreshold },
    }),
  });
}
