/** The three kinds of certificate: what each says and how long it holds (RFC 5280). */
import { isIP } from 'node:net';
import { x509 } from '../x509.js';
import { hostInvalid } from './errors.js';
import { type KeyPair, newSerialNumber, signing } from './keys.js';

type Certificate = InstanceType<typeof x509.X509Certificate>;
type PublicKey = InstanceType<typeof x509.PublicKey>;

const dayMs = 86_400_000;
const yearMs = 365.25 * dayMs;
/** A board without a battery-backed clock starts with the time of its last shutdown. */
const skewMs = dayMs;

const caLifeMs = 20 * yearMs;
/** Browsers and mobile systems refuse server certificates that hold longer than 825 days. */
const serverLifeMs = 825 * dayMs;
/**
 * Long, because a button may lie in a drawer for years and has no other way back in. Revocation is what
 * takes a device out: the broker asks the registry for every connection.
 */
const deviceLifeMs = 10 * yearMs;
export const renewBeforeMs = 30 * dayMs;

export interface Issuer {
  readonly certificate: Certificate;
  readonly keys: KeyPair;
}

/** The subject follows from the key, so that a certificate made again for a key still fits old chains. */
export async function caCertificate(keys: KeyPair, nowMs: number): Promise<Certificate> {
  const keyId = await x509.SubjectKeyIdentifierExtension.create(keys.publicKey);
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerialNumber(),
    name: `CN=Gatehouse CA ${keyId.keyId.slice(0, 8)}`,
    notBefore: new Date(nowMs - skewMs),
    notAfter: new Date(nowMs + caLifeMs),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      keyId,
    ],
  });
}

export function serverCertificate(
  issuer: Issuer,
  publicKey: WebCryptoKey,
  hosts: readonly string[],
  nowMs: number,
): Promise<Certificate> {
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? x509.DNS : x509.IP, value: host }) as const);
  return issue(issuer, publicKey, nowMs, serverLifeMs, 'CN=Gatehouse server', [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ]);
}

export function deviceCertificate(
  issuer: Issuer,
  publicKey: PublicKey | WebCryptoKey,
  thing: string,
  nowMs: number,
): Promise<Certificate> {
  return issue(
    issuer,
    publicKey,
    nowMs,
    deviceLifeMs,
    [{ CN: [thing] }],
    [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  );
}

/**
 * What the server certificate names: the given hosts and this machine's own, sorted, each once.
 * @throws HOST_INVALID
 */
export function serverHosts(hosts: readonly string[]): string[] {
  const all = ['localhost', '127.0.0.1', '::1', ...hosts].map(canonicalHost);
  return [...new Set(all)].sort();
}

/** One spelling for one host, so that names can be compared. @throws HOST_INVALID */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  if (isIP(lower) === 4) return lower;
  // The URL parser shortens IPv6 addresses (RFC 5952); one with a zone is no name for a certificate.
  if (isIP(lower) === 6 && !lower.includes('%')) return new URL(`http://[${lower}]`).hostname.slice(1, -1);
  if (!/^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?$/.test(lower)) throw hostInvalid(host);
  return lower;
}

type WebCryptoKey = KeyPair['publicKey'];

async function issue(
  issuer: Issuer,
  publicKey: PublicKey | WebCryptoKey,
  nowMs: number,
  lifeMs: number,
  subject: string | { CN: string[] }[],
  extensions: InstanceType<typeof x509.Extension>[],
): Promise<Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject,
    issuer: issuer.certificate.subjectName,
    notBefore: new Date(nowMs - skewMs),
    // A certificate that outlives its issuer would only seem valid.
    notAfter: new Date(Math.min(nowMs + lifeMs, issuer.certificate.notAfter.getTime())),
    publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...extensions,
      await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
}
