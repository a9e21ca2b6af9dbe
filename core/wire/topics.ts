/**
 * MQTT topics on which devices and the cloud meet. Every topic of a thing lies under its own
 * prefix, so that one rule confines it: `gatehouse/v1/THING/...`, and `$aws/things/THING/...` for
 * the topics that AWS IoT Core reserves. At most seven slashes, as AWS IoT Core demands.
 */

const root = 'gatehouse/v1';

/** What may stand in a thing's name: as AWS IoT Core has it, without `:` and at most 128. */
export const thingNamePattern = /^[A-Za-z0-9_-]{1,128}$/;

export type UpstreamKind = 'click' | 'telemetry' | 'status';
export type DownstreamKind = 'command' | 'feedback';

export function thingTopic(thing: string, kind: UpstreamKind | DownstreamKind): string {
  return `${root}/${thing}/${kind}`;
}

/** A filter that matches one kind for every thing; for the cloud side only. */
export function everyThing(kind: UpstreamKind): string {
  return `${root}/+/${kind}`;
}

/** The thing and the rest of a topic or filter that lies under a thing's own prefix. */
export function parseThingTopic(topic: string): { thing: string; rest: string } | undefined {
  const match = /^(?:gatehouse\/v1|\$aws\/things)\/([^/]+)\/(.+)$/.exec(topic);
  const [, thing, rest] = match ?? [];
  if (thing === undefined || rest === undefined || !thingNamePattern.test(thing)) return undefined;
  return { thing, rest };
}

/** A topic of a thing's that AWS IoT Core reserves: its shadow, its jobs. */
export function reservedTopic(thing: string, rest: string): string {
  return `$aws/things/${thing}/${rest}`;
}
