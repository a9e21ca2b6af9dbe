/** Publishes on a topic of our own broker; every device that subscribed to it hears. */
import type { Clock } from '../../../core/clock.js';
import type { Action } from '../action.js';
import { topicInvalid } from '../errors.js';
import type { MqttFunctionConfig } from '../function-config.js';
import { fillTemplate } from '../template.js';
import { ReadyMadeAction } from './ready-made.js';

export type PublishMessage = (
  topic: string,
  payload: string,
  options: { readonly retain: boolean },
) => Promise<void>;

export function mqttAction(config: MqttFunctionConfig, publish: PublishMessage, clock: Clock): Action {
  return new ReadyMadeAction(config, clock, async (event, invocation) => {
    const topic = fillTemplate(config.topic, event);
    // An attribute must not widen where it goes: no wildcard, none of the broker's own topics.
    if (/[+#\0]/.test(topic) || topic.startsWith('$SYS') || Buffer.byteLength(topic) > 256) {
      throw topicInvalid(topic);
    }
    const payload = config.payload === undefined ? invocation.event : fillTemplate(config.payload, event);
    await publish(topic, payload, { retain: config.retain });
    return { log: `Published ${Buffer.byteLength(payload)} bytes on ${topic}.\n` };
  });
}
