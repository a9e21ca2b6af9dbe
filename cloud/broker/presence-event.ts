/** A thing came or went, as the broker tells those who watch. */
import type { EndReason } from './session.js';

export interface PresenceEvent {
  readonly thing: string;
  readonly sessionId: string;
  readonly certificateId: string;
  readonly address: string;
  /** Undefined when it came. */
  readonly endReason: EndReason | undefined;
}
