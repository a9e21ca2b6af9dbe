/** Hears what became of presses of this device. */
import { parseJson } from '../core/json.js';
import { type FeedbackMessage, feedbackMessage } from '../core/wire/messages.js';
import { thingTopic } from '../core/wire/topics.js';
import type { Transport } from './transport/transport.js';

/** Subscribes; messages arrive until the transport closes. What is not understood is left. */
export function listenToFeedback(
  transport: Transport,
  thing: string,
  came: (message: FeedbackMessage) => void,
): void {
  transport
    .subscribe(thingTopic(thing, 'feedback'), ({ payload }) => {
      const { data } = feedbackMessage.safeParse(parseJson(payload));
      if (data !== undefined) came(data);
    })
    // The transport has logged a refusal; closing ends the wait.
    .catch(() => {});
}
