/** A whole cloud on free ports in a temporary folder, and devices that talk to it over real TLS. */
import { once } from 'node:events';
import { request } from 'node:https';
import { join } from 'node:path';
import mqtt, { type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { cloudConfig } from '../../cloud/config.js';
import { type Cloud, openCloud } from '../../cloud/main.js';
import { systemClock } from '../../core/clock.js';
import { parseConfig } from '../../core/config.js';
import { createLogger } from '../../core/log.js';
import { apiRoot } from '../../core/wire/api-root.js';
import { parseClaimToken } from '../../core/wire/claim-token.js';
import type { ProvisionResponse } from '../../core/wire/messages.js';
import { makeDeviceRequest } from './device-request.js';
import { temporaryFolder } from './temporary-folder.js';

export interface OpenedCloud {
  readonly cloud: Cloud;
  readonly dataDir: string;
  readonly logLines: string[];
  get<T = unknown>(path: string): Promise<T>;
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
}

export async function startCloud(
  more: Partial<z.input<typeof cloudConfig>> = {},
  folder?: string,
): Promise<OpenedCloud> {
  const dataDir = join(folder ?? (await temporaryFolder('cloud')), 'data');
  const logLines: string[] = [];
  const log = createLogger({ level: 'debug', format: 'text', write: (line) => logLines.push(line) });
  const settings = {
    dataDir,
    http: { port: 0 },
    mqtt: { host: '127.0.0.1', port: 0 },
    provisioning: { host: '127.0.0.1', port: 0 },
    ...more,
  };
  const config = parseConfig(cloudConfig, settings, 'the test');
  const cloud = await openCloud(config, { clock: systemClock, log, version: '1.2.3' });
  onTestFinished(() => cloud.close());
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    fetch(cloud.httpUrl + apiRoot + path, {
      method,
      headers: { authorization: `Bearer ${cloud.apiToken}`, ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    cloud,
    dataDir,
    logLines,
    call,
    async get<T>(path: string) {
      const response = await call('GET', path);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
  };
}

/** Claims a certificate as a device does. */
export async function claimIdentity(
  cloud: Cloud,
  thing: string,
): Promise<ProvisionResponse & { keyPem: string }> {
  const { claimToken } = await cloud.createClaimToken(thing);
  const { host, port, secret } = parseClaimToken(claimToken);
  const { keyPem, csrPem } = await makeDeviceRequest();
  const identity = await provision(host, port, { claimSecret: secret, certificateSigningRequest: csrPem });
  return { ...identity, keyPem };
}

/** Claims a certificate as a device does, and connects with it. */
export async function connectDevice(cloud: Cloud, thing: string): Promise<MqttClient> {
  const identity = await claimIdentity(cloud, thing);
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: identity.mqttHost,
    port: identity.mqttPort,
    ca: identity.caPem,
    key: identity.keyPem,
    cert: identity.certificatePem,
    clientId: identity.thingName,
    reconnectPeriod: 0,
  });
  client.on('error', () => {});
  onTestFinished(() => void client.end(true));
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

/** The JSON of the next message that the device gets. */
export function nextMessage(client: MqttClient): Promise<unknown> {
  return new Promise((resolve) => {
    client.once('message', (_topic, payload) => resolve(JSON.parse(payload.toString('utf8'))));
  });
}

async function provision(host: string, port: number, body: object): Promise<ProvisionResponse> {
  // The digest in the token would vouch for the authority; that check is the device's own test.
  const sent = request({ host, port, path: '/provision', method: 'POST', rejectUnauthorized: false });
  sent.end(JSON.stringify(body));
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response) text += part;
  return JSON.parse(text);
}
