/**
 * Real brokers with mutual TLS on a free port, behind a proxy that can cut: Aedes in this process,
 * Mosquitto as a child process. `observer` is another client that sees and sends everything.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { onTestFinished } from 'vitest';
import { PrivateCa } from './private-ca.js';
import { TcpProxy } from './tcp-proxy.js';
import { temporaryFolder } from './temporary-folder.js';

export interface TestBroker {
  readonly ca: PrivateCa;
  readonly folder: string;
  readonly proxy: TcpProxy;
  readonly observer: Observer;
}

interface Seen {
  readonly topic: string;
  readonly text: string;
  readonly retain: boolean;
}

export type StartBroker = () => Promise<TestBroker>;

export const mosquittoPath = ['/usr/sbin/mosquitto', '/usr/bin/mosquitto'].find((path) => existsSync(path));

export const startAedes: StartBroker = async () => {
  const { ca, folder, server } = await prepare();
  const aedes = await Aedes.createBroker();
  const listener = createServer(
    { cert: server.certificatePem, key: server.privateKeyPem, ca: ca.certificatePem, requestCert: true },
    (socket) => aedes.handle(socket),
  );
  listener.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => aedes.close(() => listener.close(() => resolve()))));
  return behindProxy(ca, folder, (listener.address() as AddressInfo).port);
};

export const startMosquitto: StartBroker = async () => {
  const { ca, folder, server } = await prepare();
  const port = await freePort();
  const config = [
    `listener ${port} 127.0.0.1`,
    `cafile ${server.caPath}`,
    `certfile ${server.certificatePath}`,
    `keyfile ${server.privateKeyPath}`,
    'require_certificate true',
    'allow_anonymous true',
    'persistence false',
    'user root',
  ];
  await writeFile(join(folder, 'mosquitto.conf'), config.join('\n'));
  const child = spawn(mosquittoPath ?? 'mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
    stdio: 'ignore',
  });
  onTestFinished(async () => {
    const exited = new Promise((resolve) => child.once('exit', resolve));
    if (child.kill('SIGTERM')) await exited;
  });
  await listening(port);
  return behindProxy(ca, folder, port);
};

async function prepare() {
  const ca = await PrivateCa.create();
  const folder = await temporaryFolder('gatehouse-broker');
  const server = await ca.issueFiles(folder, { commonName: 'localhost', hosts: ['localhost'] });
  return { ca, folder, server };
}

async function behindProxy(ca: PrivateCa, folder: string, port: number): Promise<TestBroker> {
  const proxy = await TcpProxy.open(port);
  onTestFinished(() => proxy.close());
  const observer = await Observer.open(ca, port);
  onTestFinished(() => observer.close());
  return { ca, folder, proxy, observer };
}

class Observer {
  readonly #client: mqtt.MqttClient;
  readonly #seen: Seen[] = [];
  readonly #waiters = new Set<() => void>();

  private constructor(client: mqtt.MqttClient) {
    this.#client = client;
    client.on('message', (topic, payload, packet) => {
      this.#seen.push({ topic, text: payload.toString(), retain: packet.retain });
      for (const check of [...this.#waiters]) check();
    });
  }

  static async open(ca: PrivateCa, port: number): Promise<Observer> {
    const { certificatePem, privateKeyPem } = await ca.issue({ commonName: 'observer' });
    const client = await mqtt.connectAsync(`mqtts://localhost:${port}`, {
      ca: ca.certificatePem,
      cert: certificatePem,
      key: privateKeyPem,
    });
    const observer = new Observer(client);
    await client.subscribeAsync('#', { qos: 1 });
    return observer;
  }

  get seen(): readonly Seen[] {
    return this.#seen;
  }

  texts(topic: string): string[] {
    return this.#seen.filter((message) => message.topic === topic).map((message) => message.text);
  }

  /** Resolves with the first message, past or to come, that fits. */
  until(fits: (message: Seen) => boolean): Promise<Seen> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.#seen.find(fits);
        if (found === undefined) return;
        this.#waiters.delete(check);
        resolve(found);
      };
      this.#waiters.add(check);
      check();
    });
  }

  async publish(topic: string, text: string): Promise<void> {
    await this.#client.publishAsync(topic, text, { qos: 1 });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }
}

export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connectTcp(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing listens on port ${port}`);
}
