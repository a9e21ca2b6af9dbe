import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { identityPaths, loadIdentity } from '../../../device/identity/identity.js';
import { provision } from '../../../device/identity/provision.js';
import { PrivateCa } from '../../support/private-ca.js';
import { provisioningPort } from '../../support/provisioning-port.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { freePort } from '../../support/test-brokers.js';

const clock = systemClock;
const identityFolder = async () => join(await temporaryFolder(), 'identity');

describe('provisioning', () => {
  it('turns a claim token into a key, a certificate, a CA and an endpoint on disk', async () => {
    const ca = await PrivateCa.create();
    const port = await provisioningPort({ ca, thing: 'kitchen', mqttPort: 18_883 });
    const folder = await identityFolder();
    const identity = await provision({ folder, token: port.token, clock });
    expect(identity).toMatchObject({ thing: 'kitchen', mqttHost: 'localhost', mqttPort: 18_883 });
    expect(await loadIdentity(folder)).toEqual(identity);
    const certificate = new X509Certificate(await readFile(identity.certificatePath));
    expect(certificate.verify(new X509Certificate(ca.certificatePem).publicKey)).toBe(true);
    expect(await readFile(identity.caPath, 'utf8')).toBe(ca.certificatePem);
    for (const name of await readdir(folder)) {
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    }
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('sends a request with its own key and never the key itself', async () => {
    const ca = await PrivateCa.create();
    const port = await provisioningPort({ ca });
    const folder = await identityFolder();
    const { certificatePath } = await provision({ folder, token: port.token, clock });
    const certificate = new X509Certificate(await readFile(certificatePath));
    expect(port.requests).toHaveLength(1);
    expect(certificate.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    expect(port.requests[0]?.key).toBe(
      certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('hex'),
    );
  });

  it.each(['identity.json', 'device.crt', 'ca.crt'])(
    'asks again with the same key after a crash before %s was written',
    async (lost) => {
      const port = await provisioningPort({ ca: await PrivateCa.create() });
      const folder = await identityFolder();
      await provision({ folder, token: port.token, clock });
      await rm(join(folder, 'identity.json'));
      await rm(join(folder, lost), { force: true });
      expect(await loadIdentity(folder)).toBeUndefined();
      await provision({ folder, token: port.token, clock });
      expect(new Set(port.requests.map((request) => request.key)).size).toBe(1);
      expect(await loadIdentity(folder)).toBeDefined();
    },
  );

  it('says CLAIM_REFUSED for a token that another device has used', async () => {
    const port = await provisioningPort({ ca: await PrivateCa.create() });
    await provision({ folder: await identityFolder(), token: port.token, clock });
    const folder = await identityFolder();
    await expect(provision({ folder, token: port.token, clock })).rejects.toMatchObject({
      code: 'CLAIM_REFUSED',
      retryable: false,
      context: { remoteCode: 'CLAIM_USED' },
    });
    expect(await loadIdentity(folder)).toBeUndefined();
  });

  it('says CLAIM_CA_MISMATCH for a server of another CA, and does not tell it the secret', async () => {
    const port = await provisioningPort({ ca: await PrivateCa.create() });
    const token = { ...port.token, caSha256: (await PrivateCa.create()).sha256 };
    await expect(provision({ folder: await identityFolder(), token, clock })).rejects.toMatchObject({
      code: 'CLAIM_CA_MISMATCH',
    });
    expect(port.requests).toEqual([]);
  });

  it('says CLAIM_CA_MISMATCH when a stranger sends the right CA in front of a certificate of his own', async () => {
    const ca = await PrivateCa.create();
    const stranger = await PrivateCa.create();
    const own = await stranger.issue({ commonName: 'cloud', hosts: ['localhost'] });
    let asked = 0;
    const server = createHttps(
      { cert: own.certificatePem + ca.certificatePem, key: own.privateKeyPem },
      () => asked++,
    );
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const token = { host: 'localhost', port, caSha256: ca.sha256, secret: 'x'.repeat(20) };
    await expect(provision({ folder: await identityFolder(), token, clock })).rejects.toMatchObject({
      code: 'CLAIM_CA_MISMATCH',
    });
    expect(asked).toBe(0);
  });

  it('says CLAIM_CA_MISMATCH for a server whose certificate has another name', async () => {
    const port = await provisioningPort({ ca: await PrivateCa.create(), hosts: ['elsewhere.example'] });
    await expect(
      provision({ folder: await identityFolder(), token: port.token, clock }),
    ).rejects.toMatchObject({ code: 'CLAIM_CA_MISMATCH' });
    expect(port.requests).toEqual([]);
  });

  it('reaches a server by an IP address that its certificate names', async () => {
    const port = await provisioningPort({ ca: await PrivateCa.create(), hosts: ['127.0.0.1'] });
    const token = { ...port.token, host: '127.0.0.1' };
    expect((await provision({ folder: await identityFolder(), token, clock })).thing).toBe('lamp');
  });

  it('says CLOUD_UNREACHABLE, to be tried again, when nobody listens or the server is busy', async () => {
    const ca = await PrivateCa.create();
    const token = { host: 'localhost', port: await freePort(), caSha256: ca.sha256, secret: 'x'.repeat(20) };
    const unreachable = { code: 'CLOUD_UNREACHABLE', retryable: true };
    await expect(provision({ folder: await identityFolder(), token, clock })).rejects.toMatchObject(
      unreachable,
    );
    const busy = await provisioningPort({ ca, fail: () => ({ status: 503, code: 'DATABASE_FULL' }) });
    await expect(
      provision({ folder: await identityFolder(), token: busy.token, clock }),
    ).rejects.toMatchObject(unreachable);
  });

  it('ends at once when it is interrupted while the server says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const stop = new AbortController();
    silent.once('connection', () => stop.abort());
    const { port } = silent.address() as AddressInfo;
    const token = { host: 'localhost', port, caSha256: '0'.repeat(64), secret: 'x'.repeat(20) };
    const work = provision({ folder: await identityFolder(), token, clock, signal: stop.signal });
    await expect(work).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('stores nothing of an answer with another CA or a certificate for another key', async () => {
    const ca = await PrivateCa.create();
    const other = await PrivateCa.create();
    const strange = await ca.issue({ commonName: 'lamp' });
    const cases = [
      ['CLAIM_CA_MISMATCH', { caPem: other.certificatePem }],
      ['PROVISION_ANSWER_INVALID', { certificatePem: strange.certificatePem }],
      ['PROVISION_ANSWER_INVALID', { certificatePem: 'nonsense' }],
      ['PROVISION_ANSWER_INVALID', { mqttPort: 0 }],
    ] as const;
    for (const [code, change] of cases) {
      const port = await provisioningPort({ ca, spoil: (answer) => Object.assign(answer, change) });
      const folder = await identityFolder();
      await expect(provision({ folder, token: port.token, clock })).rejects.toMatchObject({ code });
      expect(await readdir(folder)).toEqual(['device.key']);
    }
  });
});

describe('provisioning that is killed', () => {
  it('ends up with one key and one identity, whenever SIGKILL came', async () => {
    const port = await provisioningPort({ ca: await PrivateCa.create() });
    const folder = await identityFolder();
    const left = new Set<string>();
    let isThrough = false;
    for (let delayMs = 0; !isThrough; delayMs = Math.max(5, 2 * delayMs)) {
      isThrough = await killedAttempt(folder, port.tokenText, delayMs);
      left.add((await readdir(folder).catch(() => [])).filter((name) => !name.endsWith('.tmp')).join());
      await rm(join(folder, 'identity.json'), { force: true });
    }
    await provision({ folder, token: port.token, clock });
    expect((await loadIdentity(folder))?.thing).toBe('lamp');
    expect(new Set(port.requests.map((request) => request.key)).size).toBe(1);
    // The kills came at different stages, otherwise this proved nothing.
    expect(left.size).toBeGreaterThan(1);
  });
});

/** Starts provisioning in a process of its own and kills that `delayMs` after it has begun. */
/** @returns whether it ended before it was killed. */
async function killedAttempt(folder: string, token: string, delayMs: number): Promise<boolean> {
  const script = fileURLToPath(new URL('./provision-child.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder, token], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), delayMs));
  const code = await exited;
  expect(code ?? 0).toBe(0);
  return code === 0;
}

describe('the stored identity', () => {
  it('is damaged when the key does not belong to the certificate, and says so', async () => {
    const ca = await PrivateCa.create();
    const folder = await identityFolder();
    await provision({ folder, token: (await provisioningPort({ ca })).token, clock });
    await writeFile(
      identityPaths(folder).privateKeyPath,
      (await ca.issue({ commonName: 'x' })).privateKeyPem,
    );
    await expect(loadIdentity(folder)).rejects.toMatchObject({ code: 'IDENTITY_DAMAGED' });
  });

  it('closes its key again when others had been given access', async () => {
    const folder = await identityFolder();
    const { privateKeyPath } = await provision({
      folder,
      token: (await provisioningPort({ ca: await PrivateCa.create() })).token,
      clock,
    });
    await chmod(privateKeyPath, 0o644);
    await loadIdentity(folder);
    expect((await stat(privateKeyPath)).mode & 0o777).toBe(0o600);
  });
});
