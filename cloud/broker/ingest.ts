/**
 * What the broker hands messages to. A message is acknowledged to the device when its promise resolves,
 * so it must be stored by then. A rejection closes the connection and makes the device send it again:
 * a message that can never be stored (malformed, say) must resolve, or it comes back for ever.
 */
export interface Ingest {
  click(thing: string, payload: Uint8Array): Promise<void>;
  telemetry(thing: string, payload: Uint8Array): Promise<void>;
  /** Also called with a device's last will. */
  status(thing: string, payload: Uint8Array): Promise<void>;
  /** `$aws/things/THING/REST`: shadow and jobs. Without it such messages are accepted and dropped. */
  reserved?(thing: string, rest: string, payload: Uint8Array, reply: Reply): Promise<void>;
  /** Fleet provisioning, from a connection with a claim certificate. */
  enrolment?(claim: string, topic: string, payload: Uint8Array, reply: Reply): Promise<void>;
}

/** Answers the connection that a message came from, whatever it is subscribed to; gone when it is gone. */
export type Reply = (topic: string, payload: string) => void;
