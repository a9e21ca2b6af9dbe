/** Every error that the broker raises, and the reasons for which it closes a connection. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';

/** The port could not be opened: taken, not allowed, or no such address here. */
export function brokerListenFailed(host: string, port: number, cause: unknown): GatehouseError {
  return new GatehouseError(
    'BROKER_LISTEN_FAILED',
    `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`,
    {
      cause,
      context: { host, port, system: systemCode(cause) },
      hint: 'Choose another port or address in the configuration, or stop the program that has this one.',
    },
  );
}

/** A call came after `close`: a fault of the caller. */
export function brokerClosed(): GatehouseError {
  return new GatehouseError('BROKER_CLOSED', 'The broker is closed.');
}

/** Storing a message took too long; the connection was closed and the device sends it again. */
export function ingestTimedOut(limitMs: number): GatehouseError {
  return new GatehouseError('INGEST_TIMED_OUT', `A message was not stored within ${limitMs / 1_000} s.`, {
    retryable: true,
    hint: 'The disk or the database is too slow; see the log for what else it was doing.',
  });
}

/** A packet announced more than is taken; nothing of it was read. */
export function packetTooLong(): GatehouseError {
  return new GatehouseError(
    'PACKET_TOO_LONG',
    'It sent a packet that is too long, or whose length is malformed.',
  );
}

/** A device did what it may not; its connection was closed. The log names the device and the topic. */
export function connectionRefused(reason: string): GatehouseError {
  return new GatehouseError('DEVICE_REFUSED', reason);
}
