/**
 * What a thing may do: publish and subscribe below its own prefix only. Pure rules, no state. A wildcard
 * can only stand below the prefix, because a thing's name holds none.
 */
import { parseThingTopic, type UpstreamKind } from '../../core/wire/topics.js';

/** AWS IoT Core's limit for a topic: seven slashes; below a rule's prefix there are none to add. */
const maxSlashes = 7;
const maxTopicBytes = 256;

/** Where a message goes: to one of the three kinds, or to a topic that AWS reserves. */
export type Route =
  | { readonly kind: UpstreamKind }
  | { readonly kind: 'reserved' /** What follows `$aws/things/NAME/`. */; readonly rest: string };

const upstreamKinds: readonly string[] = ['click', 'telemetry', 'status'] satisfies UpstreamKind[];

/** Undefined when the thing may not publish there. */
export function publishRoute(thing: string, topic: string): Route | undefined {
  const own = ownTopic(thing, topic);
  if (own === undefined || /[+#]/.test(topic)) return undefined;
  if (topic.startsWith('$aws/')) return { kind: 'reserved', rest: own };
  return isUpstreamKind(own) ? { kind: own } : undefined;
}

export function maySubscribe(thing: string, filter: string): boolean {
  return ownTopic(thing, filter) !== undefined;
}

function ownTopic(thing: string, topic: string): string | undefined {
  if (topic.includes('\0') || Buffer.byteLength(topic) > maxTopicBytes) return undefined;
  if (topic.split('/').length - 1 > maxSlashes) return undefined;
  const parsed = parseThingTopic(topic);
  return parsed?.thing === thing ? parsed.rest : undefined;
}

function isUpstreamKind(kind: string): kind is UpstreamKind {
  return upstreamKinds.includes(kind);
}
