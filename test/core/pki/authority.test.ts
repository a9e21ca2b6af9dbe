import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../core/clock.js';
import { Authority } from '../../../core/pki/authority.js';
import { makeDeviceRequest } from '../../support/device-request.js';
import { FakeClock } from '../../support/fake-clock.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const dayMs = 86_400_000;

async function fresh(clock = new FakeClock()) {
  const directory = join(await temporaryFolder('pki'), 'ca');
  return { directory, clock, authority: await Authority.open({ directory, clock }) };
}

describe('the authority', () => {
  it('is made once and read afterwards', async () => {
    const { directory, clock, authority } = await fresh();
    const again = await Authority.open({ directory, clock });
    expect(again.caPem).toBe(authority.caPem);
    expect(again.caSha256).toBe(authority.caSha256);
  });

  it('is an EC P-256 certificate authority for 20 years, and names its own digest', async () => {
    const { authority } = await fresh();
    const certificate = new X509Certificate(authority.caPem);
    expect(certificate.ca).toBe(true);
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    const years = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / dayMs / 365.25;
    expect(years).toBeCloseTo(20, 1);
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(authority.caSha256);
  });

  it('keeps its files to itself', async () => {
    const { directory, authority } = await fresh();
    await authority.serverCertificate([]);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    const names = await readdir(directory);
    expect(names.sort()).toEqual(['ca-key.pem', 'ca.pem', 'server.pem']);
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  });

  it('recovers from a crash between writing the key and the certificate', async () => {
    const { directory, clock, authority } = await fresh();
    const device = await authority.signDeviceRequest((await makeDeviceRequest()).csrPem, 'door');
    await rm(join(directory, 'ca.pem'));
    const again = await Authority.open({ directory, clock });
    const certificate = new X509Certificate(again.caPem);
    expect(new X509Certificate(device.certificatePem).checkIssued(certificate)).toBe(true);
    expect((await Authority.open({ directory, clock })).caPem).toBe(again.caPem);
  });

  it.each([
    ['the key is missing', 'ca-key.pem', undefined],
    ['the key is rubbish', 'ca-key.pem', 'rubbish'],
    ['the key is empty', 'ca-key.pem', ''],
    ['the certificate is rubbish', 'ca.pem', 'rubbish'],
    ['the certificate is empty', 'ca.pem', ''],
  ])('refuses to go on when %s', async (_, fileName, content) => {
    const { directory, clock } = await fresh();
    if (content === undefined) await rm(join(directory, fileName));
    else await writeFile(join(directory, fileName), content);
    const before = (await readdir(directory)).sort();
    await expect(Authority.open({ directory, clock })).rejects.toMatchObject({ code: 'CA_DAMAGED' });
    expect((await readdir(directory)).sort()).toEqual(before);
  });

  it("refuses to go on with another authority's key", async () => {
    const { directory, clock } = await fresh();
    const other = await fresh();
    await rename(join(other.directory, 'ca-key.pem'), join(directory, 'ca-key.pem'));
    await expect(Authority.open({ directory, clock })).rejects.toMatchObject({ code: 'CA_DAMAGED' });
  });

  it('signs nothing after it has expired', async () => {
    const { directory, clock, authority } = await fresh();
    const { csrPem } = await makeDeviceRequest();
    clock.advance(20.1 * 365.25 * dayMs);
    await expect(authority.signDeviceRequest(csrPem, 'door')).rejects.toMatchObject({ code: 'CA_EXPIRED' });
    await expect(authority.serverCertificate([])).rejects.toMatchObject({ code: 'CA_EXPIRED' });
    await expect(Authority.open({ directory, clock })).rejects.toMatchObject({ code: 'CA_EXPIRED' });
  });
});

describe('the server certificate', () => {
  it('names this machine and the given hosts, as DNS names and as addresses', async () => {
    const { authority } = await fresh();
    const { certificatePem } = await authority.serverCertificate(['NAS.local', '192.168.1.20', 'fd00::20']);
    const certificate = new X509Certificate(certificatePem);
    for (const host of ['localhost', 'nas.local']) expect(certificate.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '::1', '192.168.1.20', 'fd00::20']) {
      expect(certificate.checkIP(address)).toBe(address);
    }
    expect(certificate.checkHost('elsewhere.local')).toBeUndefined();
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('stays the same while the hosts do, in whatever order, also after a restart', async () => {
    const { directory, clock, authority } = await fresh();
    const first = await authority.serverCertificate(['b.local', 'a.local', 'fd00:0:0::1']);
    const again = await Authority.open({ directory, clock });
    const second = await again.serverCertificate(['a.local', 'b.local', 'fd00:0:0::1']);
    expect(second.certificatePem).toBe(first.certificatePem);
    expect(second.keyPem.reveal()).toBe(first.keyPem.reveal());
  });

  it('is made anew when the hosts change, when 30 days are left, and when the file is damaged', async () => {
    const { directory, clock, authority } = await fresh();
    const serials = new Set<string>();
    const take = async (hosts: string[]) => {
      const { certificatePem } = await authority.serverCertificate(hosts);
      serials.add(new X509Certificate(certificatePem).serialNumber);
      return serials.size;
    };
    expect(await take([])).toBe(1);
    expect(await take(['a.local'])).toBe(2);
    clock.advance((825 - 31) * dayMs);
    expect(await take(['a.local'])).toBe(2);
    clock.advance(1.5 * dayMs);
    expect(await take(['a.local'])).toBe(3);
    await writeFile(join(directory, 'server.pem'), 'rubbish');
    expect(await take(['a.local'])).toBe(4);
  });

  it('is made anew when it was signed by another authority', async () => {
    const { directory, authority } = await fresh();
    const other = await fresh();
    const foreign = await other.authority.serverCertificate([]);
    await writeFile(join(directory, 'server.pem'), await readFile(join(other.directory, 'server.pem')));
    const { certificatePem } = await authority.serverCertificate([]);
    expect(certificatePem.split('-----END')[0]).not.toBe(foreign.certificatePem.split('-----END')[0]);
    const ca = new X509Certificate(authority.caPem);
    expect(new X509Certificate(certificatePem).verify(ca.publicKey)).toBe(true);
  });

  it.each(['', 'two words', 'semi;colon', '-', 'a'.repeat(254)])('refuses the host "%s"', async (host) => {
    const { authority } = await fresh();
    await expect(authority.serverCertificate([host])).rejects.toMatchObject({ code: 'HOST_INVALID' });
  });

  it('serves TLS, with the authority in the chain, to a client that trusts the authority', async () => {
    const { authority } = await fresh(systemClock as FakeClock);
    const { keyPem, certificatePem, caPem } = await authority.serverCertificate([]);
    const server = createServer({ key: keyPem.reveal(), cert: certificatePem }, (socket) => socket.end());
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: caPem });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    const issuer = socket.getPeerCertificate(true).issuerCertificate;
    expect(issuer.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(authority.caSha256);
    socket.destroy();
  });
});

describe('a device certificate', () => {
  it('names the thing, whatever the request says, for clients only and for ten years', async () => {
    const { authority, clock } = await fresh();
    const signed = await authority.signDeviceRequest((await makeDeviceRequest()).csrPem, 'front-door_1');
    const certificate = new X509Certificate(signed.certificatePem);
    expect(certificate.subject).toBe('CN=front-door_1');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkIssued(new X509Certificate(authority.caPem))).toBe(true);
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(signed.certificateId);
    expect(certificate.serialNumber.toLowerCase()).toBe(signed.serial);
    expect(signed.notBeforeMs).toBeLessThanOrEqual(clock.now() - 3_600_000);
    expect((signed.notAfterMs - clock.now()) / dayMs / 365.25).toBeCloseTo(10, 1);
  });

  it('does not outlive the authority', async () => {
    const { authority, clock } = await fresh();
    clock.advance(15 * 365.25 * dayMs);
    const signed = await authority.signDeviceRequest((await makeDeviceRequest()).csrPem, 'door');
    expect(signed.notAfterMs).toBe(Date.parse(new X509Certificate(authority.caPem).validTo));
  });

  it('takes P-384 keys and refuses P-521 ones', async () => {
    const { authority } = await fresh();
    await authority.signDeviceRequest((await makeDeviceRequest('P-384')).csrPem, 'door');
    const large = await makeDeviceRequest('P-521');
    await expect(authority.signDeviceRequest(large.csrPem, 'door')).rejects.toMatchObject({
      code: 'CSR_INVALID',
    });
  });

  it('is refused for a request that its key did not sign', async () => {
    const { authority } = await fresh();
    const der = Buffer.from(
      (await makeDeviceRequest()).csrPem.replace(/-----[^-]+-----/g, '').replaceAll('\n', ''),
      'base64',
    );
    // The subject is not part of the key; changing one letter of it spoils the signature only.
    const at = der.indexOf('whatever');
    der[at] = 'W'.charCodeAt(0);
    const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    await expect(authority.signDeviceRequest(pem, 'door')).rejects.toMatchObject({
      code: 'CSR_INVALID',
      message: expect.stringContaining('signature'),
    });
  });

  it.each(['', 'rubbish', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'])(
    'is refused for %j',
    async (csr) => {
      const { authority } = await fresh();
      await expect(authority.signDeviceRequest(csr, 'door')).rejects.toMatchObject({ code: 'CSR_INVALID' });
    },
  );
});
