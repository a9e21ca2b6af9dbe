/** Events and invocations as the dispatcher hands them to an action. */
import type { Invocation } from '../../cloud/actions/action.js';
import { buildClickEvent } from '../../cloud/actions/event.js';

export function clickEvent(attributes: Record<string, string>): string {
  const placement = {
    projectName: 'P',
    placementName: 'Q',
    deviceTemplateName: 'T',
    attributes,
    devices: { T: 'door' },
  };
  return JSON.stringify(
    buildClickEvent({
      thing: 'door',
      type: 'button',
      clickType: 'SINGLE',
      receivedMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      remainingLife: 99.5,
      placement,
      region: 'us-west-2',
    }),
  );
}

export function invocationOf(attributes: Record<string, string> = {}, attempt = 1): Invocation {
  return { runId: 'b3c5f1aa-0000-8000-8000-000000000001', attempt, event: clickEvent(attributes) };
}
