/**
 * Learns the cloud's CA certificate from the server itself: it sends it within its chain, and the
 * digest in the claim token tells whether it is the right one. This connection carries no secret;
 * the next one verifies the server, its host name included, against the CA found here.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { type Clock, withTimeout } from '../../core/clock.js';
import { interrupted, messageOf } from '../../core/errors.js';
import { sha256Hex } from './digest.js';
import { claimCaMismatch, cloudUnreachable } from './errors.js';

export interface CaSource {
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the CA certificate in DER, lower-case hex. */
  readonly caSha256: string;
}

const handshakeLimitMs = 10_000;
const longestChain = 10;

/**
 * The CA certificate as PEM.
 * @throws CLOUD_UNREACHABLE, INTERRUPTED, CLAIM_CA_MISMATCH when no certificate of the chain has the digest.
 */
export async function fetchCa(
  { host, port, caSha256 }: CaSource,
  clock: Clock,
  signal?: AbortSignal,
): Promise<string> {
  const address = `${host}:${port}`;
  const chain = await peerChain(host, port, clock, signal);
  const found = chain.find((der) => sha256Hex(der) === caSha256);
  if (found === undefined) throw claimCaMismatch(address, 'its chain lacks the CA that the token names');
  const ca = new X509Certificate(found);
  if (!ca.ca) throw claimCaMismatch(address, 'the certificate that the token names is no CA');
  return ca.toString();
}

async function peerChain(
  host: string,
  port: number,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Buffer[]> {
  const address = `${host}:${port}`;
  // Unverified on purpose: nothing is sent, and the digest decides about what comes.
  const socket = connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  const onAbort = () => socket.destroy(interrupted(signal?.reason));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const secured = new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    await withTimeout(clock, handshakeLimitMs, secured, () => {
      throw new Error('no TLS handshake in time');
    });
    return chainOf(socket.getPeerCertificate(true));
  } catch (error) {
    if (signal?.aborted) throw interrupted(signal.reason);
    throw cloudUnreachable(address, messageOf(error), error);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    socket.on('error', () => {});
    socket.destroy();
  }
}

function chainOf(leaf: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  let current: DetailedPeerCertificate | undefined = leaf;
  while (current?.raw !== undefined && chain.length < longestChain) {
    chain.push(current.raw);
    // A self-signed certificate is its own issuer.
    current = current.issuerCertificate === current ? undefined : current.issuerCertificate;
  }
  return chain;
}
