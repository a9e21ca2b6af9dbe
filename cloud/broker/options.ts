/** What the broker is opened with, its limits, and its side of TLS. */
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { Secret } from '../../core/secret.js';
import type { Registry } from '../registry/registry.js';
import type { Ingest } from './ingest.js';
import type { SessionLimits } from './session.js';

export interface BrokerTls {
  readonly keyPem: Secret;
  /** The server's certificate and those above it. */
  readonly certificatePem: string;
  /** Whose device certificates are let in. */
  readonly caPem: string;
}

export interface BrokerLimits extends SessionLimits {
  readonly maxPayloadBytes: number;
  readonly maxConnections: number;
  /** Storing one message may take this long; then the connection is closed. */
  readonly ingestLimitMs: number;
  /** `close` waits this long for messages that are being stored. */
  readonly drainLimitMs: number;
}

export interface Claims {
  /** Undefined for a certificate that is no claim, or a void one. */
  templateOf(certificateId: string): string | undefined;
}

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes any free port; `address` tells which. */
  readonly port: number;
  readonly tls: BrokerTls;
  readonly registry: Pick<Registry, 'certificate' | 'certificatesOf' | 'certificateStatus' | 'onRevoked'>;
  readonly ingest: Ingest;
  /** Claim certificates; without it there are none. */
  readonly claims?: Claims;
  /** Things that may subscribe to the presence events of all. */
  readonly presenceWatchers?: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits?: Partial<BrokerLimits>;
  /** Told of everything that is turned away, with a reason that names no device; true when it is worth a log line. */
  readonly onRefused?: ((reason: string) => boolean) | undefined;
}

export const defaultLimits: BrokerLimits = {
  maxInFlight: 64,
  maxInFlightBytes: 512 * 1_024,
  // AWS IoT Core's limit.
  maxPayloadBytes: 128 * 1_024,
  maxConnections: 1_000,
  ingestLimitMs: 30_000,
  drainLimitMs: 5_000,
};

/** No ALPN list: the AWS SDK offers `x-amzn-mqtt-ca`, and a list without it ends the handshake. */
export function tlsOptions(tls: BrokerTls): TlsOptions {
  return {
    key: tls.keyPem.reveal(),
    cert: tls.certificatePem,
    ca: tls.caPem,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  };
}
