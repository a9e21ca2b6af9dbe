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
  | { readonly kind: 'reserved' /** What follows `$aws/things/NAME/`. */; readonly rest: string }
  | { readonly kind: 'enrolment' /** The whole topic. */; readonly rest: string };

/** What a device may ask for below `$aws/things/NAME/`: operations of its shadows and its jobs. */
const reservedRequests = [
  /^shadow(?:\/name\/[A-Za-z0-9:_-]{1,64})?\/(?:get|update|delete)$/,
  /^jobs\/(?:get|start-next)$/,
  /^jobs\/(?:[A-Za-z0-9_-]{1,64}|\$next)\/(?:get|update)$/,
];
/** Clients subscribe to answers with wildcards, `shadow/get/+` for one. */
const reservedFilters = /^(?:#|\+|\+\/.*|(?:shadow|jobs)(?:\/.*)?)$/;

/** What a claim certificate is good for: to become a thing, nothing else. */
const claimRequest =
  /^\$aws\/(?:certificates\/(?:create|create-from-csr)|provisioning-templates\/[A-Za-z0-9_-]{1,36}\/provision)\/json$/;
const answers = /\/(?:accepted|rejected|\+|#)$/;

const upstreamKinds: readonly string[] = ['click', 'telemetry', 'status'] satisfies UpstreamKind[];

/** Undefined when the thing may not publish there. */
export function publishRoute(thing: string, topic: string): Route | undefined {
  const own = ownTopic(thing, topic);
  if (own === undefined || /[+#]/.test(topic)) return undefined;
  if (isReserved(topic)) {
    const known = reservedRequests.some((pattern) => pattern.test(own));
    return known ? { kind: 'reserved', rest: own } : undefined;
  }
  return isUpstreamKind(own) ? { kind: own } : undefined;
}

export function claimRoute(topic: string): Route | undefined {
  return claimRequest.test(topic) ? { kind: 'enrolment', rest: topic } : undefined;
}

export function mayClaimSubscribe(filter: string): boolean {
  return answers.test(filter) && claimRequest.test(filter.replace(answers, ''));
}

/** A thing hears of its own comings and goings; whoever watches, of everybody's. */
export function mayWatchPresence(thing: string, filter: string, isWatcher: boolean): boolean {
  const [, event, client] =
    /^\$aws\/events\/presence\/(connected|disconnected|\+|#)(?:\/([^/]+))?$/.exec(filter) ?? [];
  if (event === undefined) return false;
  return isWatcher || (event !== '#' && client === thing);
}

export function maySubscribe(thing: string, filter: string): boolean {
  const own = ownTopic(thing, filter);
  return own !== undefined && (!isReserved(filter) || reservedFilters.test(own));
}

function isReserved(topic: string): boolean {
  return topic.startsWith('$aws/');
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
