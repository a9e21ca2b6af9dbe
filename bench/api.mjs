/**
 * The 1-Click API and a press with 10,000 devices in 100 projects, beside the same with 10 devices in the
 * same run. Marks: every call under 50 ms at p99, and a press no slower than with 10.
 */
import { spawn } from 'node:child_process';
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mqtt from 'mqtt';
import { cloudMigrations } from '../dist/cloud/db/migrations.js';
import { openDatabase } from '../dist/core/db/open.js';
import { parseClaimToken } from '../dist/core/wire/claim-token.js';
import { certificateRequest } from '../dist/device/identity/certificate-request.js';
import { quantile } from './measure.mjs';

const entryPoint = fileURLToPath(new URL('../bin/gatehouse.mjs', import.meta.url));
const calls = 300;
const presses = 300;
const warmUp = 20;
const thing = 'd000000';

export async function apiBench() {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const houses = [];
  try {
    const few = await House.open(join(folder, 'few'), 10, 1);
    houses.push(few);
    const many = await House.open(join(folder, 'many'), 10_000, 100);
    houses.push(many);
    process.stdout.write(`${''.padEnd(38)}10 devices p50/p99    10,000 p50/p99        ratio p50/p99\n`);
    // First, so that the overview has presses and runs to show.
    report('press, publish to acknowledgement', await compare(few, many, presses, (house) => house.press()));
    for (const [title, pathOf] of lookUps) report(title, await compare(few, many, calls, callOf(pathOf)));
  } finally {
    for (const house of houses) await house.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const lookUps = [
  ['ListDevices, first 100', () => '/devices'],
  ['ListDevices, 250 in the middle', (house) => `/devices?maxResults=250${house.middle}`],
  ['DescribeDevice', (house) => `/devices/${house.anyDevice()}`],
  ['ListProjects', () => '/projects'],
  ['DescribeProject', (house) => `/projects/${house.anyProject()}`],
  ['ListPlacements', (house) => `/projects/${house.anyProject()}/placements`],
  ['DescribePlacement', (house) => house.anyPlacement()],
  ['GetDevicesInPlacement', (house) => `${house.anyPlacement()}/devices`],
  ['overview of the dashboard', () => '/api/v1/overview'],
];

function callOf(pathOf) {
  return (house) => house.get(pathOf(house));
}

/** Turn by turn, so that what the machine does otherwise meets both alike. */
async function compare(few, many, count, work) {
  const latencies = [[], []];
  for (let i = 0; i < warmUp + count; i++) {
    for (const [at, house] of [few, many].entries()) {
      const started = performance.now();
      await work(house);
      if (i >= warmUp) latencies[at].push(performance.now() - started);
    }
  }
  return latencies;
}

function report(title, [few, many]) {
  const pair = (list) => `${quantile(list, 0.5).toFixed(2)} / ${quantile(list, 0.99).toFixed(2)} ms`;
  const ratio = (q) => (quantile(many, q) / quantile(few, q)).toFixed(2);
  const late = quantile(many, 0.99) < 50 ? '' : '  OVER 50 ms';
  process.stdout.write(
    `${title.padEnd(38)}${pair(few).padEnd(22)}${pair(many).padEnd(22)}${ratio(0.5)} / ${ratio(0.99)}${late}\n`,
  );
}

/** A cloud in a process of its own with so many devices, each placed, and a device that is connected. */
class House {
  #agent = new Agent({ keepAlive: true });
  #turn = 0;
  middle = '';

  static async open(folder, devices, projects) {
    const self = new House();
    self.devices = devices;
    self.projects = projects;
    mkdirSync(join(folder, 'data'), { recursive: true });
    await fill(join(folder, 'data', 'cloud.db'), devices, projects);
    await self.#start(folder);
    self.key = await self.#api('POST', '/keys', { name: 'bench' });
    if (devices > 250) self.middle = `&nextToken=${await self.#tokenInTheMiddle()}`;
    self.device = await self.#connect();
    return self;
  }

  async #start(folder) {
    // The function runs nothing: what it costs to start one is `npm run bench press`.
    writeFileSync(join(folder, 'handler.mjs'), 'export const handler = async () => {};\n');
    const config = {
      dataDir: join(folder, 'data'),
      http: { port: 0 },
      mqtt: { host: '127.0.0.1', port: 0 },
      provisioning: { host: '127.0.0.1', port: 0 },
      functions: { bench: { kind: 'node', handler: join(folder, 'handler.mjs') } },
    };
    writeFileSync(join(folder, 'cloud.json'), JSON.stringify(config));
    const args = [entryPoint, 'cloud', 'run', '--config', join(folder, 'cloud.json')];
    this.process = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const [ready] = await once(this.process, 'message');
    if (ready.type !== 'ready') throw new Error(ready.message);
    this.ready = ready;
  }

  async #tokenInTheMiddle() {
    let token = '';
    for (let seen = 0; seen < this.devices / 2; seen += 250) {
      const { nextToken } = await this.get(`/devices?maxResults=250${token && `&nextToken=${token}`}`);
      token = nextToken;
    }
    return token;
  }

  async #connect() {
    const { claimToken } = await this.#api('POST', `/things/${thing}/claim-token`, {});
    const { host, port, secret } = parseClaimToken(claimToken);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const body = {
      claimSecret: secret,
      certificateSigningRequest: await certificateRequest(privateKey, thing),
    };
    const options = { host, port, path: '/provision', method: 'POST', rejectUnauthorized: false };
    const identity = JSON.parse(await answerOf(httpsRequest(options), JSON.stringify(body)));
    const client = mqtt.connect({
      protocol: 'mqtts',
      host: identity.mqttHost,
      port: identity.mqttPort,
      ca: identity.caPem,
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
      cert: identity.certificatePem,
      clientId: thing,
    });
    await once(client, 'connect');
    return client;
  }

  async press() {
    const message = {
      v: 1,
      id: `click-${String(this.#turn++).padStart(8, '0')}`,
      seq: this.#turn,
      deviceTime: new Date().toISOString(),
      button: 'b',
      clickType: 'SINGLE',
    };
    await this.device.publishAsync(`gatehouse/v1/${thing}/click`, JSON.stringify(message), { qos: 1 });
  }

  anyDevice() {
    return nameOf('d', (this.#turn++ * 7919) % this.devices);
  }

  anyProject() {
    return nameOf('p', (this.#turn++ * 7919) % this.projects);
  }

  anyPlacement() {
    const device = (this.#turn++ * 7919) % this.devices;
    return `/projects/${nameOf('p', device % this.projects)}/placements/${nameOf('q', device)}`;
  }

  /** Signed, unless it is our own API. */
  async get(path) {
    if (path.startsWith('/api/')) return this.#api('GET', path.replace('/api/v1', ''));
    const headers = signed(new URL(this.ready.httpUrl).host, path, this.key);
    const sent = request(this.ready.httpUrl + path, { agent: this.#agent, headers });
    return JSON.parse(await answerOf(sent));
  }

  async #api(method, path, body) {
    const headers = { authorization: `Bearer ${this.ready.apiToken}` };
    const sent = request(`${this.ready.httpUrl}/api/v1${path}`, { method, agent: this.#agent, headers });
    return JSON.parse(await answerOf(sent, body && JSON.stringify(body)));
  }

  async close() {
    await this.device?.endAsync();
    this.#agent.destroy();
    this.process.kill('SIGTERM');
    await once(this.process, 'exit');
  }
}

function nameOf(letter, number) {
  return letter + String(number).padStart(6, '0');
}

/** Straight into the tables: by the API it would take minutes of flushes. */
async function fill(filePath, devices, projects) {
  const database = await openDatabase({ filePath, durability: 'normal' }, cloudMigrations);
  const template = {
    defaultAttributes: { Building: 'Main' },
    deviceTemplates: {
      bell: {
        deviceType: 'button',
        callbackOverrides: { onClickCallback: 'arn:aws:lambda:local:000000000000:function:bench' },
      },
    },
  };
  await database.transaction(async (tx) => {
    for (let i = 0; i < projects; i++) {
      await tx.run(
        'INSERT INTO projects (name, placement_template, created_ms, updated_ms) VALUES (?, ?, 1, 1)',
        [nameOf('p', i), JSON.stringify(template)],
      );
    }
    for (let i = 0; i < devices; i++) {
      const [device, project, placement] = [nameOf('d', i), nameOf('p', i % projects), nameOf('q', i)];
      await tx.run(
        `INSERT INTO thing (name, type, enabled, created_ms, version) VALUES (?, 'button', 1, 1, 1)`,
        [device],
      );
      await tx.run('INSERT INTO thing_state (thing, clicks) VALUES (?, ?)', [device, i % 2_000]);
      await tx.run(
        `INSERT INTO placements (project, name, attributes, created_ms, updated_ms) VALUES (?, ?, ?, 1, 1)`,
        [project, placement, JSON.stringify({ Floor: String(i % 9), Room: String(i) })],
      );
      await tx.run(
        `INSERT INTO placement_devices (project, placement, template, device) VALUES (?, ?, 'bell', ?)`,
        [project, placement, device],
      );
    }
  });
  await database.close();
}

async function answerOf(sent, body) {
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response) text += part;
  if (response.statusCode >= 400) throw new Error(`${response.statusCode}: ${text}`);
  return text;
}

/** Signature Version 4 for a GET whose path needs no encoding. */
function signed(host, url, { accessKeyId, secretAccessKey }) {
  const [path, query = ''] = url.split('?');
  const stamp = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const sha256 = (text) => createHash('sha256').update(text).digest('hex');
  const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
  const sorted = query.split('&').filter(Boolean).sort().join('&');
  const names = 'host;x-amz-date';
  const canonical = ['GET', path, sorted, `host:${host}`, `x-amz-date:${stamp}`, '', names, sha256('')];
  const scope = [stamp.slice(0, 8), 'us-west-2', 'iot1click', 'aws4_request'];
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope.join('/'), sha256(canonical.join('\n'))].join('\n');
  const signature = hmac(scope.reduce(hmac, `AWS4${secretAccessKey}`), toSign).toString('hex');
  const credential = `${accessKeyId}/${scope.join('/')}`;
  return {
    'x-amz-date': stamp,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}
