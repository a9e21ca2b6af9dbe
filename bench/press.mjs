/**
 * From the edge on a simulated line to the first statement of the Lambda handler: debounce, outbox
 * (fsync), MQTT over mutual TLS on loopback, database (fsync), a process of its own. 1,000 clicks, each
 * started when the one before was handled. The peer is Mosquitto moving the same message over TLS from
 * publisher to subscriber, which stores nothing and runs nothing.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import mqtt from 'mqtt';
import { systemClock } from '../dist/core/clock.js';
import { parseConfig } from '../dist/core/config.js';
import { silentLogger } from '../dist/core/log.js';
import { Authority } from '../dist/core/pki/authority.js';
import { agentConfig } from '../dist/device/config.js';
import { openAgent } from '../dist/device/main.js';
import { SimulatedChip } from '../dist/hardware/sim/simulated-chip.js';
import { quantile } from './measure.mjs';
import { LineReader, startPressCloud } from './press-cloud.mjs';

const clicks = 1000;
const warmUp = 20;
const pin = 'GPIO17';
const thing = 'bench-button';

export async function pressBench() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  try {
    const ours = await pressLatencies(folder);
    report(`edge to handler, ${ours.length} clicks`, ours);
    const theirs = await mosquittoLatencies(folder);
    if (theirs === undefined) return;
    report(`Mosquitto publish to subscriber, ${theirs.length} messages`, theirs);
    const ratio = (q) => (quantile(ours, q) / quantile(theirs, q)).toFixed(1);
    process.stdout.write(`ratio ours/Mosquitto: p50 ${ratio(0.5)}, p99 ${ratio(0.99)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(title, latencies) {
  const ms = (q) => `${quantile(latencies, q).toFixed(2)} ms`;
  process.stdout.write(`${title}: p50 ${ms(0.5)}, p99 ${ms(0.99)}, max ${ms(1)}\n`);
}

async function pressLatencies(folder) {
  const times = join(folder, 'times');
  const cloud = await startPressCloud({ folder, times, thing });
  const chip = new SimulatedChip({ clock: systemClock });
  const config = {
    dataDir: join(folder, 'agent'),
    identity: { claimToken: cloud.claimToken },
    buttons: [{ name: 'b', pin, activeLow: true, double: false, long: false }],
  };
  const agent = await openAgent(parseConfig(agentConfig, config, 'bench'), {
    clock: systemClock,
    log: silentLogger,
    chip,
  });
  try {
    const reader = new LineReader(times);
    const latencies = [];
    for (let i = 0; i < warmUp + clicks; i++) {
      // Longer than the debounce lock-out after the release before: nearer would be a bounce.
      await pause(20);
      chip.drive(pin, 0);
      await pause(25 + (i % 7));
      const edge = process.hrtime.bigint();
      chip.drive(pin, 1);
      const started = BigInt(await reader.next());
      if (i >= warmUp) latencies.push(Number(started - edge) / 1e6);
    }
    return latencies;
  } finally {
    await agent.close();
    await chip.close();
    cloud.process.kill('SIGTERM');
    await once(cloud.process, 'exit');
  }
}

async function mosquittoLatencies(folder) {
  const authority = await Authority.open({ directory: join(folder, 'pki'), clock: systemClock });
  const server = await authority.serverCertificate(['localhost']);
  const file = (name, text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const port = await freePort();
  const config = file(
    'mosquitto.conf',
    `listener ${port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n` +
      `certfile ${file('server.pem', server.certificatePem)}\nkeyfile ${file('server.key', server.keyPem.reveal())}\n` +
      'user root\n',
  );
  const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  const missing = await Promise.race([once(broker, 'error'), once(broker, 'spawn').then(() => undefined)]);
  if (missing) {
    process.stdout.write('skipped: no mosquitto here to compare with\n');
    return undefined;
  }
  const options = { ca: server.caPem, reconnectPeriod: 200 };
  const connect = async () => {
    const client = mqtt.connect(`mqtts://localhost:${port}`, options);
    client.on('error', () => {});
    await once(client, 'connect');
    return client;
  };
  const [publisher, subscriber] = await Promise.all([connect(), connect()]);
  await subscriber.subscribeAsync('gatehouse/v1/+/click', { qos: 1 });
  const payload = JSON.stringify({
    v: 1,
    id: 'x'.repeat(36),
    seq: 1,
    deviceTime: new Date().toISOString(),
    button: 'b',
    clickType: 'SINGLE',
  });
  const latencies = [];
  for (let i = 0; i < warmUp + clicks; i++) {
    await pause(5);
    const arrived = once(subscriber, 'message');
    const start = process.hrtime.bigint();
    publisher.publish('gatehouse/v1/t/click', payload, { qos: 1 });
    await arrived;
    if (i >= warmUp) latencies.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  await Promise.all([publisher.endAsync(), subscriber.endAsync()]);
  broker.kill();
  return latencies;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
