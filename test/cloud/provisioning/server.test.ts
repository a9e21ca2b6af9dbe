import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProgramArchive } from '../../../cloud/cards/program-archive.js';
import { ProvisioningServer } from '../../../cloud/provisioning/server.js';
import { Registry } from '../../../cloud/registry/registry.js';
import { claimSchema, registrySchema } from '../../../cloud/registry/schema.js';
import { systemClock } from '../../../core/clock.js';
import { openDatabase } from '../../../core/db/open.js';
import { createLogger } from '../../../core/log.js';
import { Authority } from '../../../core/pki/authority.js';
import { apiError } from '../../../core/wire/api.js';
import { provisionResponse } from '../../../core/wire/messages.js';
import { makeDeviceRequest } from '../../support/device-request.js';
import { smallProgram } from '../../support/small-program.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

async function start(mqttHost?: string) {
  const folder = await temporaryFolder('provisioning');
  const authority = await Authority.open({ directory: join(folder, 'pki'), clock: systemClock });
  const database = await openDatabase({ filePath: join(folder, 'cloud.db') }, [registrySchema, claimSchema]);
  onTestFinished(() => database.close());
  const registry = await Registry.open(database, systemClock);
  await registry.createThing('door', 'button');
  const programFolder = await smallProgram(join(folder, 'program'));
  const archive = new ProgramArchive({
    directory: join(folder, 'install'),
    programFolder,
    clock: systemClock,
  });
  const logLines: string[] = [];
  const server = await ProvisioningServer.open({
    host: '127.0.0.1',
    port: 0,
    tls: await authority.serverCertificate([]),
    registry,
    archive,
    authority,
    mqtt: { port: 8883, ...(mqttHost === undefined ? {} : { host: mqttHost }) },
    clock: systemClock,
    log: createLogger({ level: 'info', format: 'json', write: (line) => logLines.push(line) }),
  });
  onTestFinished(() => server.close());
  const call = (body: unknown, options: RequestOptions = {}) =>
    send(
      server.address.port,
      authority.caPem,
      typeof body === 'string' ? body : JSON.stringify(body),
      options,
    );
  return { archive, authority, database, registry, server, logLines, call };
}

async function send(port: number, ca: string, body: string, options: RequestOptions) {
  const outgoing = request({
    port,
    ca,
    host: '127.0.0.1',
    path: '/provision',
    method: 'POST',
    agent: false,
    ...options,
  });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode as number, headers: response.headers, json: JSON.parse(text) };
}

describe('POST /provision', () => {
  it('gives a device its certificate for the thing that the token names', async () => {
    const { authority, registry, call, logLines } = await start('broker.local');
    const { secret } = await registry.createClaimToken('door', 60_000);
    const { csrPem } = await makeDeviceRequest();
    const { status, json } = await call({ claimSecret: secret, certificateSigningRequest: csrPem });
    expect(status).toBe(200);
    const answer = provisionResponse.parse(json);
    expect(answer).toMatchObject({ thingName: 'door', mqttHost: 'broker.local', mqttPort: 8883 });
    expect(answer.caPem).toBe(authority.caPem);
    const certificate = new X509Certificate(answer.certificatePem);
    expect(certificate.verify(new X509Certificate(answer.caPem).publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=door');
    expect(registry.certificateStatus(answer.certificateId)).toBe('ACTIVE');
    expect(logLines.join('')).toContain(answer.certificateId);
    expect(logLines.join('')).not.toContain(secret);
  });

  it('gives the same certificate to a device that asks again with its key, and none to another', async () => {
    const { registry, call } = await start();
    const { secret: claimSecret } = await registry.createClaimToken('door', 60_000);
    const mine = { claimSecret, certificateSigningRequest: (await makeDeviceRequest()).csrPem };
    const first = await call(mine);
    expect(await call(mine)).toMatchObject({ status: 200, json: first.json });
    const other = await call({ claimSecret, certificateSigningRequest: (await makeDeviceRequest()).csrPem });
    expect(other.status).toBe(403);
    expect(apiError.parse(other.json).error.code).toBe('CLAIM_USED');
  });

  it('names the host by which the device reached it as the broker', async () => {
    const { registry, call } = await start();
    const { csrPem } = await makeDeviceRequest();
    for (const [header, expected] of [
      ['NAS.local:4430', 'nas.local'],
      ['[fd00::1]:4430', 'fd00::1'],
      ['bad host"', '127.0.0.1'],
    ]) {
      const { secret } = await registry.createClaimToken('door', 60_000);
      const { json } = await call(
        { claimSecret: secret, certificateSigningRequest: csrPem },
        { headers: { host: header }, servername: 'localhost' },
      );
      expect(json.mqttHost).toBe(expected);
    }
  });

  it('shows the authority in its chain, so that an agent can check its digest', async () => {
    const { authority, server } = await start();
    const socket = connect({
      port: server.address.port,
      host: '127.0.0.1',
      servername: 'localhost',
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const issuer = socket.getPeerCertificate(true).issuerCertificate;
    expect(issuer.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(authority.caSha256);
    socket.destroy();
  });

  it('does not use up a claim on a request that cannot be signed', async () => {
    const { registry, call } = await start();
    const { secret: claimSecret } = await registry.createClaimToken('door', 60_000);
    const bad = await call({ claimSecret, certificateSigningRequest: 'rubbish' });
    expect([bad.status, apiError.parse(bad.json).error.code]).toEqual([400, 'CSR_INVALID']);
    const { csrPem } = await makeDeviceRequest();
    expect(await call({ claimSecret, certificateSigningRequest: csrPem })).toMatchObject({ status: 200 });
  });

  it('refuses a claim that was never given out', async () => {
    const { call } = await start();
    const { csrPem } = await makeDeviceRequest();
    const { status, json } = await call({ claimSecret: 'x'.repeat(43), certificateSigningRequest: csrPem });
    expect(status).toBe(403);
    expect(apiError.parse(json).error).toMatchObject({
      code: 'CLAIM_INVALID',
      hint: expect.stringContaining('claim token'),
    });
  });

  it.each([
    ['no JSON', '{', 400, 'BODY_INVALID'],
    [
      'an unknown member',
      '{"claimSecret":"0123456789abcdef","certificateSigningRequest":"x","a":1}',
      400,
      'BODY_INVALID',
    ],
    ['a missing member', '{"claimSecret":"0123456789abcdef"}', 400, 'BODY_INVALID'],
    ['nothing', '', 400, 'BODY_INVALID'],
    ['far too much', 'x'.repeat(200_000), 413, 'BODY_TOO_LARGE'],
  ])('refuses %s', async (_, body, status, code) => {
    const { call } = await start();
    const answer = await call(body);
    expect([answer.status, apiError.parse(answer.json).error.code]).toEqual([status, code]);
  });

  it('serves nothing else', async () => {
    const { call } = await start();
    expect(await call('', { path: '/', method: 'GET' })).toMatchObject({ status: 404 });
    expect(await call('', { path: '/provision/../x' })).toMatchObject({ status: 404 });
    expect(await call('', { method: 'GET' })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  it('slows an address down after ten calls at once', async () => {
    const { call } = await start();
    const statuses = [];
    for (let i = 0; i < 12; i++) statuses.push((await call('{}')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    expect(statuses.slice(10)).toEqual([429, 429]);
    const { headers, json } = await call('{}');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(apiError.parse(json).error.code).toBe('TOO_MANY_REQUESTS');
  });

  it('does not tell what failed inside', async () => {
    const { registry, call, database, logLines } = await start();
    const { secret: claimSecret } = await registry.createClaimToken('door', 60_000);
    await database.close();
    const { csrPem } = await makeDeviceRequest();
    const { status, json } = await call({ claimSecret, certificateSigningRequest: csrPem });
    expect(status).toBe(500);
    expect(JSON.stringify(json)).not.toMatch(/database/i);
    expect(logLines.join('')).toContain('DATABASE_CLOSED');
  });
});

describe('GET /install/SHA256', () => {
  /** Status, and the code of the error or the number of bytes that came. */
  async function download(port: number, ca: string, path: string, secret?: string, method = 'GET') {
    const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const outgoing = request({ port, ca, host: '127.0.0.1', path, method, headers, agent: false });
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (response.statusCode !== 200) return apiError.parse(JSON.parse(body.toString())).error.code;
    return createHash('sha256').update(body).digest('hex');
  }

  it('sends the program to whoever holds a claim token, which stays good for the claim', async () => {
    const { archive, authority, registry, server, call, logLines } = await start();
    const sha256 = await archive.sha256();
    const { secret } = await registry.createClaimToken('door', 60_000);
    const { port } = server.address;
    for (let n = 0; n < 2; n++) {
      expect(await download(port, authority.caPem, `/install/${sha256}`, secret)).toBe(sha256);
    }
    const { csrPem } = await makeDeviceRequest();
    const claimed = await call({ claimSecret: secret, certificateSigningRequest: csrPem });
    expect(claimed.status).toBe(200);
    expect(await download(port, authority.caPem, `/install/${sha256}`, secret)).toBe('CLAIM_USED');
    expect(logLines.join('')).not.toContain(secret);
  });

  it('sends it to nobody else, and nothing but the program', async () => {
    const { archive, authority, registry, server } = await start();
    const sha256 = await archive.sha256();
    const get = (path: string, secret?: string, method?: string) =>
      download(server.address.port, authority.caPem, path, secret, method);
    const { secret } = await registry.createClaimToken('door', 60_000);
    const { secret: late } = await registry.createClaimToken('door', -1);
    expect(await get(`/install/${sha256}`)).toBe('CLAIM_INVALID');
    expect(await get(`/install/${sha256}`, 'x'.repeat(43))).toBe('CLAIM_INVALID');
    expect(await get(`/install/${sha256}`, late)).toBe('CLAIM_EXPIRED');
    expect(await get(`/install/${'0'.repeat(64)}`, secret)).toBe('NOT_FOUND');
    expect(await get(`/install/../${sha256}`, secret)).toBe('NOT_FOUND');
    expect(await get('/install/', secret)).toBe('NOT_FOUND');
    expect(await get(`/install/${sha256}`, secret, 'POST')).toBe('NOT_FOUND');
  });
});

describe('lifetime', () => {
  it('closes although a client holds a connection open', async () => {
    const { server, authority } = await start();
    const socket = connect({
      port: server.address.port,
      host: 'localhost',
      family: 4,
      ca: authority.caPem,
    } as object);
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write('POST /provision HTTP/1.1\r\n');
    await Promise.all([server.close(), server.close()]);
    socket.destroy();
  });

  it('a port that is taken is refused with a hint', async () => {
    const { server, registry, archive, authority } = await start();
    const opening = ProvisioningServer.open({
      host: '127.0.0.1',
      port: server.address.port,
      tls: await authority.serverCertificate([]),
      registry,
      archive,
      authority,
      mqtt: { port: 1 },
      clock: systemClock,
      log: createLogger({ level: 'error', format: 'text', write: () => {} }),
    });
    await expect(opening).rejects.toMatchObject({
      code: 'PROVISIONING_LISTEN_FAILED',
      context: { system: 'EADDRINUSE' },
    });
  });
});
