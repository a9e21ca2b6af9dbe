/**
 * The private certificate authority: one key and one certificate in a folder of their own, made on the
 * first run. It signs the server's certificate and the devices'; whom to sign for is the caller's affair.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { GatehouseError, systemCode } from '../errors.js';
import { makePrivateFolder, writeFileDurably } from '../files.js';
import { Secret } from '../secret.js';
import { x509 } from '../x509.js';
import { readDeviceRequest } from './device-request.js';
import { caDamaged, caExpired, pkiFilesFailed } from './errors.js';
import { generateKeys, type KeyPair, privateKeyPem, readKeys, sha256Hex } from './keys.js';
import {
  caCertificate,
  canonicalHost,
  deviceCertificate,
  type Issuer,
  renewBeforeMs,
  serverCertificate,
  serverHosts,
} from './profiles.js';

export interface ServerCertificate {
  readonly keyPem: Secret;
  /** The server's certificate, then the authority's: a client may check the latter's digest. */
  readonly certificatePem: string;
  readonly caPem: string;
  readonly notAfterMs: number;
}

export interface DeviceCertificate {
  readonly certificatePem: string;
  /** SHA-256 of the certificate in DER, lower-case hex, as AWS IoT Core names certificates. */
  readonly certificateId: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Hex. */
  readonly serial: string;
}

export interface AuthorityOptions {
  /** A folder for the authority alone. */
  readonly directory: string;
  readonly clock: Clock;
}

export class Authority {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #issuer: Issuer;
  /** The authority's certificate in PEM. */
  readonly caPem: string;
  /** SHA-256 of the authority's certificate in DER, lower-case hex; goes into claim tokens. */
  readonly caSha256: string;

  private constructor(options: AuthorityOptions, issuer: Issuer) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#issuer = issuer;
    this.caPem = pemOf(issuer.certificate);
    this.caSha256 = sha256Hex(issuer.certificate.rawData);
  }

  /** Reads the authority, or makes it on the first run. @throws CA_DAMAGED, CA_EXPIRED, PKI_FILES_FAILED */
  static async open(options: AuthorityOptions): Promise<Authority> {
    const { directory, clock } = options;
    const keys = await openKeys(directory);
    const certificate = await openCertificate(directory, keys, clock.now());
    const authority = new Authority(options, { keys, certificate });
    authority.#assertNotExpired();
    return authority;
  }

  /**
   * The server's key and certificate for these host names and addresses, and for this machine. The one on
   * disk, unless it names other hosts or has under 30 days left: call it again once a day.
   * @throws CA_EXPIRED, HOST_INVALID, PKI_FILES_FAILED
   */
  async serverCertificate(hosts: readonly string[]): Promise<ServerCertificate> {
    this.#assertNotExpired();
    const wanted = serverHosts(hosts);
    const stored = await this.#storedServerCertificate(wanted);
    if (stored !== undefined) return stored;
    const keys = await generateKeys();
    const certificate = await serverCertificate(this.#issuer, keys.publicKey, wanted, this.#clock.now());
    const keyPem = await privateKeyPem(keys);
    // One file for both, so that a crash cannot leave a key beside another key's certificate.
    await write(this.#directory, 'server.pem', keyPem + pemOf(certificate));
    return this.#asServerCertificate(keyPem, certificate);
  }

  /**
   * Signs a device's request. The certificate names `thing` and the request's key, nothing else of it.
   * @throws CSR_INVALID, CA_EXPIRED
   */
  async signDeviceRequest(csrPem: string, thing: string): Promise<DeviceCertificate> {
    this.#assertNotExpired();
    const { publicKey } = await readDeviceRequest(csrPem);
    return asDeviceCertificate(await deviceCertificate(this.#issuer, publicKey, thing, this.#clock.now()));
  }

  /**
   * Makes a key and its certificate, for devices that cannot make a key themselves. The key is nowhere
   * but in the answer.
   * @throws CA_EXPIRED
   */
  async issueDeviceKey(name: string): Promise<DeviceCertificate & { readonly keyPem: Secret }> {
    this.#assertNotExpired();
    const keys = await generateKeys();
    const certificate = await deviceCertificate(this.#issuer, keys.publicKey, name, this.#clock.now());
    return { ...asDeviceCertificate(certificate), keyPem: new Secret(await privateKeyPem(keys)) };
  }

  #assertNotExpired(): void {
    const notAfterMs = this.#issuer.certificate.notAfter.getTime();
    if (notAfterMs <= this.#clock.now()) throw caExpired(this.#directory, notAfterMs);
  }

  /** Undefined when there is none that still serves; a damaged one is simply made again. */
  async #storedServerCertificate(hosts: readonly string[]): Promise<ServerCertificate | undefined> {
    const pem = await read(this.#directory, 'server.pem');
    const [, keyPem, certificatePem] =
      /^(-----BEGIN PRIVATE KEY-----.*-----END PRIVATE KEY-----\n)(.*)$/s.exec(pem ?? '') ?? [];
    if (keyPem === undefined || certificatePem === undefined) return undefined;
    try {
      const certificate = new x509.X509Certificate(certificatePem);
      const keys = await readKeys(keyPem);
      const fits =
        (await holdsKey(certificate, keys)) &&
        (await certificate.verify({ publicKey: this.#issuer.certificate, signatureOnly: true })) &&
        certificate.notAfter.getTime() - this.#clock.now() > renewBeforeMs &&
        certificate.notBefore.getTime() <= this.#clock.now() &&
        sameNames(certificate, hosts);
      return fits ? this.#asServerCertificate(keyPem, certificate) : undefined;
    } catch {
      return undefined;
    }
  }

  #asServerCertificate(
    keyPem: string,
    certificate: InstanceType<typeof x509.X509Certificate>,
  ): ServerCertificate {
    return {
      keyPem: new Secret(keyPem),
      certificatePem: pemOf(certificate) + this.caPem,
      caPem: this.caPem,
      notAfterMs: certificate.notAfter.getTime(),
    };
  }
}

function asDeviceCertificate(certificate: Issuer['certificate']): DeviceCertificate {
  return {
    certificatePem: pemOf(certificate),
    certificateId: sha256Hex(certificate.rawData),
    notBeforeMs: certificate.notBefore.getTime(),
    notAfterMs: certificate.notAfter.getTime(),
    serial: certificate.serialNumber,
  };
}

/** The key goes to disk before its certificate: a certificate without a key could never be mended. */
async function openKeys(directory: string): Promise<KeyPair> {
  const pem = await read(directory, 'ca-key.pem');
  if (pem !== undefined) {
    try {
      return await readKeys(pem);
    } catch (error) {
      throw caDamaged(directory, 'its key cannot be read', error);
    }
  }
  if ((await read(directory, 'ca.pem')) !== undefined) throw caDamaged(directory, 'its key is missing');
  const keys = await generateKeys();
  await write(directory, 'ca-key.pem', await privateKeyPem(keys));
  return keys;
}

/** A key alone is what a crash during the first run leaves behind; it gets its certificate now. */
async function openCertificate(
  directory: string,
  keys: KeyPair,
  nowMs: number,
): Promise<Issuer['certificate']> {
  const pem = await read(directory, 'ca.pem');
  if (pem === undefined) {
    const certificate = await caCertificate(keys, nowMs);
    await write(directory, 'ca.pem', pemOf(certificate));
    return certificate;
  }
  try {
    const certificate = new x509.X509Certificate(pem);
    if (await holdsKey(certificate, keys)) return certificate;
  } catch (error) {
    throw caDamaged(directory, 'its certificate cannot be read', error);
  }
  throw caDamaged(directory, 'its key and its certificate do not fit together');
}

async function holdsKey(certificate: Issuer['certificate'], keys: KeyPair): Promise<boolean> {
  const spki = Buffer.from((await x509.PublicKey.create(keys.publicKey)).rawData);
  return spki.equals(Buffer.from(certificate.publicKey.rawData));
}

function sameNames(certificate: Issuer['certificate'], hosts: readonly string[]): boolean {
  const extension = certificate.getExtension(x509.SubjectAlternativeNameExtension);
  const named = (extension?.names.items ?? []).map((name) => canonicalHost(name.value)).sort();
  return JSON.stringify(named) === JSON.stringify(hosts);
}

function pemOf(certificate: Issuer['certificate']): string {
  return `${certificate.toString('pem')}\n`;
}

async function read(directory: string, fileName: string): Promise<string | undefined> {
  try {
    return await readFile(join(directory, fileName), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw pkiFilesFailed(directory, error);
  }
}

async function write(directory: string, fileName: string, content: string): Promise<void> {
  try {
    await makePrivateFolder(directory);
    await writeFileDurably(join(directory, fileName), content);
  } catch (error) {
    throw error instanceof GatehouseError ? error : pkiFilesFailed(directory, error);
  }
}
