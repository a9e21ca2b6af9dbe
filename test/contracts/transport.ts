/**
 * The contract of the `Transport` port, run against a real broker with mutual TLS, behind a proxy
 * that plays the bad network.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/log.js';
import type {
  MqttLibrary,
  Transport,
  TransportMessage,
  TransportOptions,
} from '../../device/transport/transport.js';
import { PrivateCa } from '../support/private-ca.js';
import type { StartBroker, TestBroker } from '../support/test-brokers.js';

export interface TransportContract {
  readonly library: MqttLibrary;
  readonly protocol: '3.1.1' | '5';
  readonly startBroker: StartBroker;
  readonly open: (options: TransportOptions) => Promise<Transport>;
}

const topic = 'gatehouse/v1/lamp/click';

export function transportContract({ library, protocol, startBroker, open }: TransportContract): void {
  async function setUp(changes: Partial<TransportOptions> = {}) {
    const broker = await startBroker();
    const options = { ...(await optionsFor(broker)), ...changes };
    const transport = await open(options);
    onTestFinished(() => transport.close());
    return { broker, transport, options, ...broker };
  }

  it(`speaks MQTT ${protocol}: connects with mutual TLS and resolves a publish when it is acknowledged`, async () => {
    const { transport, observer } = await setUp();
    expect([transport.library, transport.protocol]).toEqual([library, protocol]);
    expect(transport.connected).toBe(false);
    await transport.connect();
    expect(transport.connected).toBe(true);
    await transport.publish(topic, 'pressed ü');
    expect((await observer.until((seen) => seen.topic === topic)).text).toBe('pressed ü');
  });

  it('keeps the order of 500 publishes handed over at once', async () => {
    const { transport, observer } = await setUp();
    await transport.connect();
    const texts = Array.from({ length: 500 }, (_, n) => `${n}`);
    await Promise.all(texts.map((text) => transport.publish(topic, text)));
    await observer.until((seen) => seen.text === '499');
    expect(observer.texts(topic)).toEqual(texts);
  });

  it('delivers messages of a topic subscribed before the connection stood', async () => {
    const { transport, observer } = await setUp();
    const messages: TransportMessage[] = [];
    const got = new Promise<void>((resolve) => {
      const granted = transport.subscribe('gatehouse/v1/lamp/command', (message) => {
        messages.push(message);
        resolve();
      });
      void transport
        .connect()
        .then(() => granted)
        .then(() => observer.publish('gatehouse/v1/lamp/command', 'do'));
    });
    await got;
    expect(messages.map((m) => [m.topic, Buffer.from(m.payload).toString()])).toEqual([
      ['gatehouse/v1/lamp/command', 'do'],
    ]);
  });

  it('refuses to publish without a connection, instead of queueing in memory', async () => {
    const { transport } = await setUp();
    await expect(transport.publish(topic, 'x')).rejects.toMatchObject({ code: 'LINK_DOWN', retryable: true });
  });

  it('tells of a lost connection, rejects what was in flight, comes back and restores subscriptions', async () => {
    const { transport, proxy, observer } = await setUp();
    let received = () => {};
    const granted = transport.subscribe('gatehouse/v1/lamp/command', () => received());
    await transport.connect();
    await granted;
    const lost = new Promise<string>((resolve) => transport.onDisconnect(resolve));
    const back = new Promise<void>((resolve) => transport.onConnect(resolve));
    proxy.hold();
    const inFlight = transport.publish(topic, 'in flight');
    proxy.cut();
    proxy.release();
    await expect(inFlight).rejects.toMatchObject({ code: 'LINK_DOWN', retryable: true });
    expect(await lost).not.toBe('');
    await back;
    expect(transport.connected).toBe(true);
    await transport.publish(topic, 'again');
    await observer.until((seen) => seen.text === 'again');
    await new Promise<void>((resolve) => {
      received = resolve;
      const again = setInterval(() => void observer.publish('gatehouse/v1/lamp/command', 'do'), 50);
      onTestFinished(() => clearInterval(again));
    });
  });

  it('gives up on an acknowledgement that does not come, and can publish on', async () => {
    const { transport, proxy } = await setUp({ publishTimeoutMs: 300 });
    await transport.connect();
    proxy.hold();
    await expect(transport.publish(topic, 'lost')).rejects.toMatchObject({
      code: 'PUBLISH_TIMEOUT',
      retryable: true,
    });
    proxy.release();
    await transport.publish(topic, 'next');
  });

  it('keeps trying until the broker is there, and then hears and notices as ever', async () => {
    const { transport, proxy, observer } = await setUp();
    await proxy.close();
    const heard: string[] = [];
    const granted = transport.subscribe('gatehouse/v1/lamp/command', ({ payload }) => {
      heard.push(Buffer.from(payload).toString());
    });
    const connecting = transport.connect();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(transport.connected).toBe(false);
    await proxy.listen();
    await connecting;
    await granted;
    for (const text of ['one', 'two', 'three']) {
      await transport.publish(topic, text);
      await observer.publish('gatehouse/v1/lamp/command', text);
      await expect.poll(() => heard.at(-1)).toBe(text);
    }
    const lost = new Promise<string>((resolve) => transport.onDisconnect(resolve));
    proxy.cut();
    expect(await lost).not.toBe('');
  });

  it('stops trying when its signal aborts', async () => {
    const { transport, proxy } = await setUp();
    await proxy.close();
    const stop = new AbortController();
    const connecting = transport.connect(stop.signal);
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });

  it('leaves its will when the link breaks, not when it is closed', async () => {
    const will = { topic: 'gatehouse/v1/lamp/status', payload: 'offline', retain: true };
    const { transport, proxy, observer, options } = await setUp({ will });
    await transport.connect();
    proxy.cut();
    await observer.until((seen) => seen.topic === will.topic && seen.text === 'offline');
    await transport.close();
    const other = await open({
      ...options,
      clientId: 'other',
      will: { ...will, topic: 'gatehouse/v1/other/status' },
    });
    await other.connect();
    await other.publish(topic, 'last word');
    await other.close();
    await observer.until((seen) => seen.text === 'last word');
    await observer.publish('marker', 'm');
    await observer.until((seen) => seen.topic === 'marker');
    expect(observer.texts('gatehouse/v1/other/status')).toEqual([]);
  });

  it('publishes retained messages', async () => {
    const { transport, broker, options } = await setUp();
    await transport.connect();
    await transport.publish('gatehouse/v1/lamp/status', 'online', { retain: true });
    const reader = await open({ ...options, clientId: 'reader' });
    onTestFinished(() => reader.close());
    const text = new Promise<string>((resolve) => {
      void reader.subscribe('gatehouse/v1/lamp/status', (m) => resolve(Buffer.from(m.payload).toString()));
    });
    await reader.connect();
    expect(await text).toBe('online');
    expect(broker.observer.texts('gatehouse/v1/lamp/status')).toEqual(['online']);
  });

  it('does not talk to a broker whose certificate another CA signed', async () => {
    const { broker, options } = await setUp();
    const stranger = await PrivateCa.create('Another CA');
    const folder = join(broker.folder, 'stranger');
    await mkdir(folder);
    const { caPath } = await stranger.issueFiles(folder, { commonName: 'lamp' });
    await expectNoConnection(broker, { ...options, caPath });
  });

  it('does not talk to a broker under a name that its certificate does not have', async () => {
    const { broker, options } = await setUp();
    await expectNoConnection(broker, { ...options, host: '127.0.0.1' });
  });

  it('rejects every waiting promise when closed, and closes once', async () => {
    const { transport, proxy } = await setUp();
    await transport.connect();
    proxy.hold();
    const waiting = expect(transport.publish(topic, 'x')).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await Promise.all([transport.close(), transport.close()]);
    await waiting;
    await expect(transport.publish(topic, 'y')).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
    await expect(transport.connect()).rejects.toMatchObject({ code: 'TRANSPORT_CLOSED' });
  });

  it('says so when the certificate file is not there', async () => {
    const broker = await startBroker();
    const options = { ...(await optionsFor(broker)), certificatePath: join(broker.folder, 'absent.crt') };
    await expect(open(options)).rejects.toMatchObject({ code: 'CREDENTIALS_UNUSABLE' });
  });

  it.each(['connected', 'unreachable', 'cut'])('lets the process exit after close (%s)', async (state) => {
    const broker = await startBroker();
    const { host, port, clientId, certificatePath, privateKeyPath, caPath } = await optionsFor(broker);
    if (state === 'unreachable') await broker.proxy.close();
    const options = { host, port, clientId, certificatePath, privateKeyPath, caPath, keepAliveSeconds: 30 };
    const script = fileURLToPath(new URL('../device/transport/exit-child.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, library, protocol, state, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('cut me')) void broker.proxy.close();
    });
    const exit = await new Promise((resolve) =>
      child.once('exit', (code, signal) => resolve([code, signal])),
    );
    expect(exit).toEqual([0, null]);
  });

  async function expectNoConnection(broker: TestBroker, options: TransportOptions): Promise<void> {
    const before = broker.proxy.accepted;
    const transport = await open(options);
    const stop = new AbortController();
    const connecting = transport.connect(stop.signal).then(
      () => 'connected',
      () => 'not connected',
    );
    await expect.poll(() => broker.proxy.accepted, { timeout: 5000 }).toBeGreaterThan(before);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(transport.connected).toBe(false);
    stop.abort();
    expect(await connecting).toBe('not connected');
    // The SDK holds a refused handshake for up to 30 s; nobody waits for it here.
    void transport.close();
  }
}

async function optionsFor(broker: TestBroker): Promise<TransportOptions> {
  const files = await broker.ca.issueFiles(broker.folder, { commonName: 'lamp' });
  return {
    host: 'localhost',
    port: broker.proxy.port,
    clientId: 'lamp',
    certificatePath: files.certificatePath,
    privateKeyPath: files.privateKeyPath,
    caPath: files.caPath,
    keepAliveSeconds: 30,
    clock: systemClock,
    log: silentLogger,
  };
}
