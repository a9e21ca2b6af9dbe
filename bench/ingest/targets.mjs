/** What the devices publish to: Mosquitto, Aedes alone, Gatehouse. Each with identities that it lets in. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../dist/core/clock.js';
import { Authority } from '../../dist/core/pki/authority.js';
import { generateKeys, privateKeyPem } from '../../dist/core/pki/keys.js';
import { parseClaimToken } from '../../dist/core/wire/claim-token.js';
import { x509 } from '../../dist/core/x509.js';

const entryPoint = fileURLToPath(new URL('../../bin/gatehouse.mjs', import.meta.url));

async function keyAndRequest() {
  const keys = await generateKeys();
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=bench',
    keys,
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
  });
  return { keyPem: await privateKeyPem(keys), csrPem: made.toString('pem') };
}

/** An authority of its own for the peers, with `count` devices. */
async function openPki(folder, count) {
  const authority = await Authority.open({ directory: join(folder, 'pki'), clock: systemClock });
  const server = await authority.serverCertificate(['localhost', '127.0.0.1']);
  const identities = [];
  for (let i = 0; i < count; i++) {
    const { keyPem, csrPem } = await keyAndRequest();
    const { certificatePem } = await authority.signDeviceRequest(csrPem, `bench-${i}`);
    identities.push({ thing: `bench-${i}`, keyPem, certificatePem, caPem: server.caPem });
  }
  return { server, identities };
}

export async function openMosquitto(folder, count) {
  mkdirSync(folder);
  const { server, identities } = await openPki(folder, count);
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const port = await freePort();
  const config = file(
    'mosquitto.conf',
    `listener ${port} 127.0.0.1\nallow_anonymous true\nrequire_certificate true\nmax_inflight_messages 0\n` +
      `cafile ${file('ca.pem', server.caPem)}\ncertfile ${file('server.pem', server.certificatePem)}\n` +
      `keyfile ${file('server.key', server.keyPem.reveal())}\nuser root\n`,
  );
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  const missing = await Promise.race([once(child, 'error'), once(child, 'spawn').then(() => undefined)]);
  if (missing) return undefined;
  await untilListening(port);
  return { port, identities, child, close: () => ended(child) };
}

export async function openAedes(folder, count) {
  mkdirSync(folder);
  const { server, identities } = await openPki(folder, count);
  const child = fork(fileURLToPath(new URL('aedes.mjs', import.meta.url)));
  const { certificatePem, caPem, keyPem } = server;
  child.send({ keyPem: keyPem.reveal(), certificatePem, caPem });
  const [{ port }] = await once(child, 'message');
  return { port, identities, child, close: () => ended(child) };
}

export async function openGatehouse(folder, count, more = {}) {
  mkdirSync(folder);
  const config = {
    dataDir: join(folder, 'cloud'),
    http: { port: 0 },
    mqtt: { host: '127.0.0.1', port: 0 },
    provisioning: { host: '127.0.0.1', port: 0 },
    ...more,
  };
  const configFile = join(folder, 'cloud.json');
  writeFileSync(configFile, JSON.stringify(config));
  const flags = process.env.GATEHOUSE_BENCH_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.GATEHOUSE_BENCH_PROFILE}`]
    : [];
  const child = spawn(
    process.execPath,
    [...flags, entryPoint, 'cloud', 'run', '--config', configFile, '--log-level', 'warn'],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const [ready] = await once(child, 'message');
  if (ready.type !== 'ready') throw new Error(ready.message);
  const identities = [];
  for (let i = 0; i < count; i++) identities.push(await claim(ready, `bench-${i}`));
  return {
    port: ready.mqttPort,
    identities,
    child,
    databaseFile: join(folder, 'cloud', 'cloud.db'),
    call: (path, init) => call(ready, path, init),
    close: () => ended(child),
  };
}

async function call({ httpUrl, apiToken }, path, init = {}) {
  const headers = { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' };
  const response = await fetch(`${httpUrl}/api/v1${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function claim(ready, thing) {
  const body = JSON.stringify({ name: thing, type: 'button' });
  // It may be there from the configuration.
  await call(ready, '/things', { method: 'POST', body }).catch(() => {});
  const { claimToken } = await call(ready, `/things/${thing}/claim-token`, { method: 'POST', body: '{}' });
  const { host, port, secret } = parseClaimToken(claimToken);
  const { keyPem, csrPem } = await keyAndRequest();
  const sent = request({ host, port, path: '/provision', method: 'POST', rejectUnauthorized: false });
  sent.end(JSON.stringify({ claimSecret: secret, certificateSigningRequest: csrPem }));
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response) text += part;
  const { certificatePem, caPem } = JSON.parse(text);
  return { thing, keyPem, certificatePem, caPem };
}

async function ended(child) {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function untilListening(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isUp) return;
    await pause(50);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
