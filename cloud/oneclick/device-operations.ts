/** The 13 operations of the devices service. A device that is not claimed is not there for its callers. */
import { z } from 'zod';
import type { Database } from '../../core/db/database.js';
import { associationAttributes } from '../actions/event.js';
import type { DeviceLife } from '../devices/device-life.js';
import type { DeviceMethods } from '../devices/device-methods.js';
import type { ProjectStore } from '../projects/project-store.js';
import type { Registry } from '../registry/registry.js';
import { lifeLeft, listFacts, readFacts, type ThingFacts } from '../things/thing-facts.js';
import type { Arns } from './arns.js';
import { listEvents, type TimeRange } from './device-events.js';
import { resourceUnknown } from './errors.js';
import type { PageTokens } from './page-tokens.js';
import {
  type Call,
  deviceTags,
  type Handler,
  paging,
  read,
  single,
  tagsOver,
  tagsWithout,
} from './parameters.js';

export interface DeviceOperationParts {
  readonly database: Database;
  readonly registry: Registry;
  readonly projects: ProjectStore;
  readonly life: DeviceLife;
  readonly methods: DeviceMethods;
  readonly arns: Arns;
  readonly tokens: PageTokens;
  readonly region: string;
  /** Told of every device that was changed. */
  readonly onDevice: (deviceId: string) => void;
}

const claimCode = z.string().regex(/^C-.{10,38}$/, 'begins with "C-" and has 12 to 40 characters');
const listQuery = z.object({ ...paging, deviceType: z.string().min(1).max(128).optional() });
const stateBody = z.object({ enabled: z.boolean().default(false) });
const methodBody = z.object({
  deviceMethod: z.object({ deviceType: z.string().max(128), methodName: z.string().max(128) }),
  deviceMethodParameters: z.string().max(16_384).optional(),
});
/** With and without milliseconds: SDK v2 leaves them out. */
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text))
  .refine((ms) => Number.isFinite(ms), 'no such time');
const eventsQuery = z
  .object({ ...paging, fromTimeStamp: instant, toTimeStamp: instant })
  .refine(({ fromTimeStamp, toTimeStamp }) => fromTimeStamp <= toTimeStamp, {
    message: 'is after toTimeStamp',
    path: ['fromTimeStamp'],
  });

export function deviceOperations(parts: DeviceOperationParts): Readonly<Record<string, Handler>> {
  return { ...claimOperations(parts), ...stateOperations(parts), ...tagOperations(parts) };
}

function claimOperations({ life, onDevice }: DeviceOperationParts): Record<string, Handler> {
  return {
    ClaimDevicesByClaimCode: async ({ path }) => {
      const code = read(claimCode, path['claimCode']);
      return { claimCode: code, total: await life.claimByCode(code) };
    },
    InitiateDeviceClaim: async (call) => {
      const { claim } = await life.initiateClaim(idOf(call));
      onDevice(idOf(call));
      return { state: claim };
    },
    FinalizeDeviceClaim: async (call) => {
      const { tags } = read(z.object({ tags: deviceTags.default({}) }), call.body);
      const { claim } = await life.finalizeClaim(idOf(call), tags);
      onDevice(idOf(call));
      return { state: claim };
    },
    UnclaimDevice: async (call) => {
      await life.unclaim(idOf(call));
      onDevice(idOf(call));
      return { state: 'UNCLAIMED' };
    },
  };
}

function stateOperations(parts: DeviceOperationParts): Record<string, Handler> {
  const { life, methods, onDevice } = parts;
  return {
    DescribeDevice: async (call) => ({ deviceDescription: describe(parts, await claimed(parts, call)) }),
    ListDevices: (call) => listDevices(parts, call),
    ListDeviceEvents: (call) => deviceEvents(parts, call),
    UpdateDeviceState: async (call) => {
      const { enabled } = read(stateBody, call.body);
      await life.setEnabled(idOf(call), enabled);
      onDevice(idOf(call));
      return {};
    },
    GetDeviceMethods: async (call) => ({
      deviceMethods: methods.methodsOf((await claimed(parts, call)).type),
    }),
    InvokeDeviceMethod: async (call) => {
      await claimed(parts, call);
      const { deviceMethod, deviceMethodParameters } = read(methodBody, call.body);
      const answer = await methods.invoke(idOf(call), deviceMethod, deviceMethodParameters);
      return { deviceMethodResponse: answer };
    },
  };
}

function tagOperations(parts: DeviceOperationParts): Record<string, Handler> {
  const { life, arns } = parts;
  const idIn = ({ path }: Call) => arns.nameIn(path['resourceArn'] ?? '', 'devices');
  return {
    ListTagsForResource: async (call) => {
      const facts = await readFacts(parts.database, idIn(call));
      if (facts?.claim !== 'CLAIMED') throw resourceUnknown(`device ${idIn(call)}`);
      return { tags: facts.tags };
    },
    TagResource: async (call) => {
      await life.setTags(idIn(call), (tags) => tagsOver(deviceTags, tags, call.body));
    },
    UntagResource: async (call) => {
      await life.setTags(idIn(call), (tags) => tagsWithout(tags, call.query));
    },
  };
}

async function listDevices(parts: DeviceOperationParts, { query }: Call): Promise<unknown> {
  const { database, registry, tokens } = parts;
  const { deviceType, maxResults, nextToken } = read(listQuery, single(query));
  const listing = ['ListDevices', deviceType ?? ''];
  const after = nextToken ? tokens.read(listing, nextToken) : undefined;
  const types = deviceType === undefined ? undefined : registry.types.meantBy(deviceType);
  const found = await listFacts(database, { after, limit: maxResults + 1, claimed: true, types });
  const page = found.slice(0, maxResults);
  const last = found.length > maxResults ? page.at(-1) : undefined;
  return {
    devices: page.map((facts) => describe(parts, facts)),
    ...(last && { nextToken: tokens.make(listing, last.name) }),
  };
}

async function deviceEvents(parts: DeviceOperationParts, call: Call): Promise<unknown> {
  const { database, registry, tokens } = parts;
  const facts = await claimed(parts, call);
  const { fromTimeStamp, toTimeStamp, maxResults, nextToken } = read(eventsQuery, single(call.query));
  const listing = ['ListDeviceEvents', facts.name, String(fromTimeStamp), String(toTimeStamp)];
  const range: TimeRange = {
    fromMs: fromTimeStamp,
    toMs: toTimeStamp,
    after: nextToken ? tokens.read(listing, nextToken) : undefined,
  };
  const certificateId = registry.certificatesOf(facts.name).at(-1)?.id;
  const { events, last } = await listEvents(database, facts.name, range, maxResults);
  return {
    events: events.map((event) => ({
      device: { attributes: {}, deviceId: facts.name, type: registry.types.kindOf(facts.type) },
      stdEvent: JSON.stringify({ ...event, ...(certificateId && { certificateId }), testMode: false }),
    })),
    ...(last !== undefined && { nextToken: tokens.make(listing, last) }),
  };
}

function describe({ registry, projects, arns, region }: DeviceOperationParts, facts: ThingFacts): unknown {
  const slot = projects.slotOf(facts.name);
  return {
    arn: arns.device(facts.name),
    attributes: slot ? associationAttributes(slot, region) : {},
    deviceId: facts.name,
    enabled: facts.enabled,
    remainingLife: lifeLeft(registry.types, facts) ?? 100,
    type: registry.types.kindOf(facts.type),
    tags: facts.tags,
  };
}

/** @throws ONECLICK_RESOURCE_UNKNOWN */
async function claimed({ database }: DeviceOperationParts, call: Call): Promise<ThingFacts> {
  const facts = await readFacts(database, idOf(call));
  if (facts?.claim !== 'CLAIMED') throw resourceUnknown(`device ${idOf(call)}`);
  return facts;
}

function idOf({ path }: Call): string {
  return path['deviceId'] ?? '';
}
