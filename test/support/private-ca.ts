/** A private CA for tests: EC P-256, certificates for servers and clients as PEM text and files. */
import { createHash, createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { x509 } from '../../core/x509.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const dayMs = 86_400_000;

export interface IssueOptions {
  readonly commonName: string;
  /** Host names or IP addresses of a server. */
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface KeyAndCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export class PrivateCa {
  readonly #certificate: x509.X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
  }

  static async create(name = 'Test CA'): Promise<PrivateCa> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + 3650 * dayMs),
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new PrivateCa(certificate, keys);
  }

  get certificatePem(): string {
    return `${this.#certificate.toString('pem')}\n`;
  }

  /** SHA-256 of the certificate in DER, hex. */
  get sha256(): string {
    return createHash('sha256').update(new X509Certificate(this.certificatePem).raw).digest('hex');
  }

  async issue(options: IssueOptions): Promise<KeyAndCertificate> {
    const keys = await generateKeys();
    const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
    const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    return {
      certificatePem: await this.#sign(keys.publicKey, options),
      privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    };
  }

  /** Signs the key of a PKCS #10 request after checking that request's own signature. */
  async signRequest(requestPem: string, options: IssueOptions): Promise<string> {
    const request = new x509.Pkcs10CertificateRequest(requestPem);
    if (!(await request.verify())) throw new Error('the request is not signed by its own key');
    return this.#sign(request.publicKey, options);
  }

  /** Issues and writes `NAME.crt`, `NAME.key` and `ca.crt` into `folder`. */
  async issueFiles(folder: string, options: IssueOptions) {
    const { certificatePem, privateKeyPem } = await this.issue(options);
    const paths = {
      certificatePath: join(folder, `${options.commonName}.crt`),
      privateKeyPath: join(folder, `${options.commonName}.key`),
      caPath: join(folder, 'ca.crt'),
    };
    await writeFile(paths.certificatePath, certificatePem);
    await writeFile(paths.privateKeyPath, privateKeyPem, { mode: 0o600 });
    await writeFile(paths.caPath, this.certificatePem);
    return { ...paths, certificatePem, privateKeyPem };
  }

  async #sign(publicKey: x509.PublicKeyType, options: IssueOptions): Promise<string> {
    const names = (options.hosts ?? []).map((value) => ({
      type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
      value,
    }));
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${options.commonName}`,
      issuer: this.#certificate.subject,
      publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      notBefore: options.notBefore ?? new Date(Date.now() - dayMs),
      notAfter: options.notAfter ?? new Date(Date.now() + 365 * dayMs),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      ],
    });
    return `${certificate.toString('pem')}\n`;
  }
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;
}
