import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { mqtt as crtMqtt, iot } from 'aws-iot-device-sdk-v2';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Broker } from '../../../cloud/broker/broker.js';
import { systemClock } from '../../../core/clock.js';
import { Authority } from '../../../core/pki/authority.js';
import { thingTopic } from '../../../core/wire/topics.js';
import { clientEvent, type Identity, startBroker } from '../../support/broker-fixture.js';
import { makeDeviceRequest } from '../../support/device-request.js';
import { connectPacket, publishPacket } from '../../support/mqtt-bytes.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const qos1 = { qos: 1 } as const;
const textOf = (payload: Uint8Array) => Buffer.from(payload).toString('utf8');

describe('a device with a certificate of ours', () => {
  it('connects, publishes each kind, and is told so by PUBACK', async () => {
    const { broker, ingest, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    for (const kind of ['click', 'telemetry', 'status'] as const) {
      await door.publishAsync(thingTopic('door', kind), `a ${kind}`, qos1);
    }
    await door.publishAsync('$aws/things/door/shadow/update', '{}', qos1);
    expect(ingest.received).toEqual([
      { kind: 'click', thing: 'door', text: 'a click' },
      { kind: 'telemetry', thing: 'door', text: 'a telemetry' },
      { kind: 'status', thing: 'door', text: 'a status' },
      { kind: 'reserved shadow/update', thing: 'door', text: '{}' },
    ]);
    expect(broker.connectedThings()).toEqual(['door']);
  });

  it('gets what the cloud publishes to it, and nothing meant for others', async () => {
    const { broker, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    const shed = await connected(await identity('shed'));
    const heard: string[] = [];
    for (const [name, client] of [
      ['door', door],
      ['shed', shed],
    ] as const) {
      client.on('message', (topic, payload) => heard.push(`${name}: ${topic} ${textOf(payload)}`));
      await client.subscribeAsync(`gatehouse/v1/${name}/#`, qos1);
    }
    const arrived = clientEvent(door, 'message');
    expect(await broker.publish('shed', 'feedback', 'for the shed')).toBe(true);
    expect(await broker.publish('door', 'command', Buffer.from('for the door'))).toBe(true);
    await arrived;
    expect(heard).toContain('door: gatehouse/v1/door/command for the door');
    expect(heard.filter((line) => line.startsWith('door'))).toHaveLength(1);
  });

  it('is told of nothing that it has not subscribed to, and the sender hears of that', async () => {
    const { broker, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    expect(await broker.publish('door', 'command', 'too early')).toBe(false);
    await door.subscribeAsync('gatehouse/v1/door/command', qos1);
    expect(await broker.publish('door', 'command', 'in time')).toBe(true);
    expect(await broker.publish('door', 'feedback', 'not asked for')).toBe(false);
    await door.unsubscribeAsync('gatehouse/v1/door/command');
    expect(await broker.publish('door', 'command', 'too late')).toBe(false);
  });

  it('does not get what was published while it was away, unless it was retained', async () => {
    const { broker, identity, connected } = await startBroker();
    const door = await identity('door');
    expect(await broker.publish('door', 'feedback', 'lost')).toBe(false);
    expect(await broker.publish('door', 'command', 'kept', { retain: true })).toBe(false);
    const client = await connected(door);
    const message = clientEvent(client, 'message');
    await client.subscribeAsync('gatehouse/v1/door/#', qos1);
    const [topic, payload] = await message;
    expect([topic, textOf(payload)]).toEqual(['gatehouse/v1/door/command', 'kept']);
  });

  it('is announced when it connects and when it is gone', async () => {
    const { broker, identity, connected } = await startBroker();
    const heard: string[] = [];
    broker.onConnected((thing) => heard.push(`+${thing}`));
    const gone = new Promise<void>((resolve) => {
      broker.onDisconnected((thing) => {
        heard.push(`-${thing}`);
        resolve();
      });
    });
    const client = await connected(await identity('door'));
    expect(broker.isConnected('door')).toBe(true);
    await client.endAsync();
    await gone;
    expect(heard).toEqual(['+door', '-door']);
    expect(broker.connectedThings()).toEqual([]);
  });

  it('has its last will taken in when its connection breaks, and not when it says goodbye', async () => {
    const { ingest, identity, connected } = await startBroker();
    const will = { topic: thingTopic('door', 'status'), payload: Buffer.from('gone'), retain: true, ...qos1 };
    const door = await identity('door');
    await (await connected(door, { will })).endAsync();
    const client = await connected(door, { will });
    client.stream.destroy();
    await ingest.until(() => ingest.received.length > 0);
    expect(ingest.received).toEqual([{ kind: 'status', thing: 'door', text: 'gone' }]);
  });

  it('takes over from an older connection of its own', async () => {
    const { broker, identity, connected } = await startBroker();
    const door = await identity('door');
    const first = await connected(door);
    const closed = clientEvent(first, 'close');
    const second = await connected(door);
    await closed;
    await second.publishAsync(thingTopic('door', 'click'), 'x', qos1);
    expect(broker.connectedThings()).toEqual(['door']);
  });

  it('may use the AWS IoT SDK', async () => {
    const { broker, ingest, authority, identity } = await startBroker();
    const door = await identity('door');
    const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(door.certificatePem, door.keyPem)
      .with_certificate_authority(authority.caPem)
      .with_client_id('door')
      .with_endpoint('localhost')
      .with_port(broker.address.port)
      .with_clean_session(false)
      .with_will({
        topic: thingTopic('door', 'status'),
        qos: crtMqtt.QoS.AtLeastOnce,
        payload: 'gone',
        retain: true,
      })
      .build();
    const connection = new crtMqtt.MqttClient().new_connection(config);
    connection.on('error', () => {});
    await connection.connect();
    const arrived = new Promise<string>((resolve, reject) => {
      connection
        .subscribe('gatehouse/v1/door/command', crtMqtt.QoS.AtLeastOnce, (_topic, payload) =>
          resolve(textOf(new Uint8Array(payload))),
        )
        .then(() => broker.publish('door', 'command', 'hello'))
        .catch(reject);
    });
    expect(await arrived).toBe('hello');
    await connection.publish(thingTopic('door', 'click'), 'pressed', crtMqtt.QoS.AtLeastOnce);
    expect(ingest.received).toEqual([{ kind: 'click', thing: 'door', text: 'pressed' }]);
    await connection.disconnect();
  });
});

describe('who does not get in', () => {
  async function outcome(client: ReturnType<Awaited<ReturnType<typeof startBroker>>['client']>) {
    const connected = clientEvent(client, 'connect').then(() => 'connected');
    const refused = new Promise<string>((resolve) => {
      client.on('error', (error) => resolve(error.message || 'error'));
      client.on('close', () => resolve('closed'));
    });
    return Promise.race([connected, refused]);
  }

  it('a certificate of another authority', async () => {
    const { broker, client, logLines } = await startBroker();
    const stranger = await Authority.open({ directory: await temporaryFolder('pki'), clock: systemClock });
    const { keyPem, csrPem } = await makeDeviceRequest();
    const signed = await stranger.signDeviceRequest(csrPem, 'door');
    expect(await outcome(client({ thing: 'door', keyPem, ...signed }))).not.toBe('connected');
    expect(broker.connectedThings()).toEqual([]);
    expect(logLines.join('\n')).toContain('TLS handshake failed');
  });

  it('no certificate at all', async () => {
    const { broker, client, identity } = await startBroker();
    const none = { key: undefined, cert: undefined } as object;
    expect(await outcome(client(await identity('door'), none))).not.toBe('connected');
    expect(broker.connectedThings()).toEqual([]);
  });

  it('a certificate that we signed but never gave out', async () => {
    const { client, authority } = await startBroker();
    const { keyPem, csrPem } = await makeDeviceRequest();
    const signed = await authority.signDeviceRequest(csrPem, 'door');
    expect(await outcome(client({ thing: 'door', keyPem, ...signed }))).not.toBe('connected');
  });

  it('a revoked certificate', async () => {
    const { client, identity, registry } = await startBroker();
    const door = await identity('door');
    await registry.revokeThing('door');
    expect(await outcome(client(door))).not.toBe('connected');
  });

  it("a client identifier that is not the thing's name", async () => {
    const { client, identity, logLines } = await startBroker();
    const door = await identity('door');
    for (const clientId of ['shed', 'door2', 'DOOR']) {
      expect(await outcome(client(door, { clientId }))).toMatch(/Not authorized/);
    }
    expect(logLines.filter((line) => line.includes('client identifier'))).toHaveLength(3);
  });

  it("a will on somebody else's topic", async () => {
    const { client, identity } = await startBroker();
    const will = { topic: thingTopic('shed', 'status'), payload: Buffer.from('x'), ...qos1 };
    expect(await outcome(client(await identity('door'), { will }))).toMatch(/Not authorized/);
  });

  it('a client that trusts another authority does not accept the broker', async () => {
    const { client, identity } = await startBroker();
    const stranger = await Authority.open({ directory: await temporaryFolder('pki'), clock: systemClock });
    expect(await outcome(client(await identity('door'), { ca: stranger.caPem }))).not.toBe('connected');
  });
});

describe('revocation', () => {
  it('cuts a live connection at once, and only that one', async () => {
    const { broker, registry, ingest, identity, connected } = await startBroker();
    const will = { topic: thingTopic('door', 'status'), payload: Buffer.from('gone'), ...qos1 };
    const door = await connected(await identity('door'), { will });
    await connected(await identity('shed'));
    const closed = clientEvent(door, 'close');
    await registry.revokeThing('door');
    await closed;
    await ingest.until(() => ingest.received.length > 0);
    expect(ingest.received).toEqual([{ kind: 'status', thing: 'door', text: 'gone' }]);
    expect(broker.connectedThings()).toEqual(['shed']);
  });

  it('cuts a connection that has not said CONNECT yet', async () => {
    const { broker, registry, authority, identity } = await startBroker();
    const door = await identity('door');
    const socket = tlsConnect({
      port: broker.address.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: authority.caPem,
      key: door.keyPem,
      cert: door.certificatePem,
    });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    const closed = once(socket, 'close');
    socket.resume();
    await registry.revokeThing('door');
    await closed;
  });
});

describe('what a device may not do closes its connection', () => {
  it.each([
    ["another thing's click", 'gatehouse/v1/shed/click'],
    ['its own command topic', 'gatehouse/v1/door/command'],
    ['its own feedback topic', 'gatehouse/v1/door/feedback'],
    ["another thing's shadow", '$aws/things/shed/shadow/update'],
    ['the answer to its own request', '$aws/things/door/shadow/update/accepted'],
    ['a reserved topic that is not served', '$aws/things/door/tunnels/notify'],
    ['a topic below a kind', 'gatehouse/v1/door/click/more'],
    ['a topic elsewhere', 'home/door'],
    ['the bare prefix', 'gatehouse/v1/door'],
    ['a system topic', '$SYS/broker'],
    ['a topic with more than seven slashes', '$aws/things/door/a/b/c/d/e/f'],
  ])('publishing to %s', async (_, topic) => {
    const { ingest, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    const closed = clientEvent(door, 'close');
    door.publish(topic, 'x', qos1, () => {});
    await closed;
    expect(ingest.received).toEqual([]);
  });

  it.each([
    ['everything', '#'],
    ['any thing', 'gatehouse/v1/+/click'],
    ['one level up', 'gatehouse/v1/#'],
    ['another thing', 'gatehouse/v1/shed/command'],
    ["another thing's shadow", '$aws/things/shed/#'],
    ['reserved topics that are not served', '$aws/things/door/tunnels/#'],
    ['system topics', '$SYS/#'],
    ['a shared subscription', '$share/group/gatehouse/v1/door/command'],
  ])('subscribing to %s', async (_, filter) => {
    const { identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    const closed = clientEvent(door, 'close');
    door.subscribe(filter, qos1, () => {});
    await closed;
  });

  it('a message of more than 128 KiB, while one of 128 KiB is taken', async () => {
    const { ingest, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    await door.publishAsync(thingTopic('door', 'telemetry'), Buffer.alloc(128 * 1_024, 97), qos1);
    expect(ingest.received[0]!.text).toHaveLength(128 * 1_024);
    const closed = clientEvent(door, 'close');
    door.publish(thingTopic('door', 'telemetry'), Buffer.alloc(128 * 1_024 + 1), qos1, () => {});
    await closed;
    expect(ingest.received).toHaveLength(1);
  });

  it('a packet that announces 200 MB, before it has come', async () => {
    const { identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    const closed = clientEvent(door, 'close');
    door.stream.write(Buffer.from([0x32, 0xff, 0xff, 0xff, 0x5f, 0, 1, 97]));
    await closed;
  });

  it('quality of service 2', async () => {
    const { ingest, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    const closed = clientEvent(door, 'close');
    door.publish(thingTopic('door', 'click'), 'x', { qos: 2 }, () => {});
    await closed;
    expect(ingest.received).toEqual([]);
  });

  it('more than fifty subscriptions, while changing one often is no matter', async () => {
    const { identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    for (let i = 0; i < 60; i++) {
      await door.subscribeAsync(`gatehouse/v1/door/x${i}`);
      await door.unsubscribeAsync(`gatehouse/v1/door/x${i}`);
    }
    const closed = clientEvent(door, 'close');
    for (let i = 0; i < 51; i++) door.subscribe(`gatehouse/v1/door/y${i}`, () => {});
    await closed;
  });
});

describe('PUBACK', () => {
  it('comes only after the message is stored', async () => {
    const { ingest, identity, connected } = await startBroker();
    const door = await connected(await identity('door'));
    ingest.hold();
    let acknowledged = false;
    const publishing = door.publishAsync(thingTopic('door', 'click'), 'x', qos1).then(() => {
      acknowledged = true;
    });
    await ingest.until(() => ingest.waiting === 1);
    // A whole exchange on the same connection: an early PUBACK would have come before its answer.
    await door.subscribeAsync('gatehouse/v1/door/command');
    expect(acknowledged).toBe(false);
    ingest.release();
    await publishing;
    expect(ingest.received).toHaveLength(1);
  });

  it('does not come when storing fails: the connection closes, and the device sends it again', async () => {
    const { ingest, identity, client, connected } = await startBroker();
    const door = await identity('door');
    const first = await connected(door);
    ingest.failing = true;
    let acknowledged = false;
    const closed = clientEvent(first, 'close');
    first.publish(thingTopic('door', 'click'), 'x', qos1, (error) => {
      acknowledged ||= !error;
    });
    await closed;
    expect(acknowledged).toBe(false);
    ingest.failing = false;
    const again = client(door, { incomingStore: first.incomingStore, outgoingStore: first.outgoingStore });
    await ingest.until(() => ingest.received.length === 1);
    expect(ingest.received).toEqual([{ kind: 'click', thing: 'door', text: 'x' }]);
    await again.endAsync();
  });

  it('does not come when storing takes too long', async () => {
    const { ingest, identity, connected, logLines } = await startBroker({ ingestLimitMs: 50 });
    const door = await connected(await identity('door'));
    ingest.hold();
    onTestFinished(() => ingest.release());
    const closed = clientEvent(door, 'close');
    door.publish(thingTopic('door', 'click'), 'x', qos1, () => {});
    await closed;
    expect(logLines.join('\n')).toContain('INGEST_TIMED_OUT');
  });

  it('comes in the order of the messages, however storing them ends', async () => {
    const fixture = await startBroker();
    const { ingest, identity, connected } = fixture;
    const releases = new Map<string, () => void>();
    ingest.click = (_thing, payload) =>
      new Promise((resolve) => {
        releases.set(textOf(payload), resolve);
        if (releases.size === 3) for (const name of ['3', '1', '2']) releases.get(name)!();
      });
    const door = await connected(await identity('door'));
    const order: string[] = [];
    await Promise.all(
      ['1', '2', '3'].map(async (name) => {
        await door.publishAsync(thingTopic('door', 'click'), name, qos1);
        order.push(name);
      }),
    );
    expect(order).toEqual(['1', '2', '3']);
  });
});

describe('back-pressure', () => {
  it('a flood waits in the device, not in memory, and all of it is stored in the end', async () => {
    const { ingest, identity, broker, authority } = await startBroker({ maxInFlight: 8 });
    const door = await identity('door');
    ingest.hold();
    const { socket, write } = await rawClient(broker, authority.caPem, door);
    const count = 3_000;
    let pending = count;
    for (let i = 1; i <= count; i++) write(telemetry(i, 4_096), () => pending--);
    await ingest.until(() => ingest.waiting > 0);
    await standstill(() => socket.bytesWritten);
    // One chunk of the stream may hold several messages; never a hundred.
    expect(ingest.maxWaiting).toBeLessThan(64);
    expect(pending).toBeGreaterThan(0);
    ingest.release();
    await ingest.until(() => ingest.received.length === count);
    expect(ingest.maxWaiting).toBeLessThan(64);
  });

  it('holds, too, when each message comes in a piece of its own', async () => {
    const { ingest, identity, broker, authority } = await startBroker({ maxInFlight: 8 });
    const door = await identity('door');
    ingest.hold();
    const { write } = await rawClient(broker, authority.caPem, door);
    const count = 200;
    for (let i = 1; i <= count; i++) {
      await new Promise<void>((resolve) => write(telemetry(i, 100), resolve));
      await new Promise((resolve) => systemClock.after(1, () => resolve(undefined)));
    }
    await standstill(() => ingest.waiting);
    expect(ingest.maxWaiting).toBeLessThan(16);
    ingest.release();
    await ingest.until(() => ingest.received.length === count);
  });

  /** Resolves when `measure` has not moved for a while. */
  async function standstill(measure: () => number): Promise<void> {
    for (let before = Number.NaN; before !== measure(); ) {
      before = measure();
      await new Promise((resolve) => systemClock.after(100, () => resolve(undefined)));
    }
  }

  function telemetry(messageId: number, sizeBytes: number): Buffer {
    return publishPacket(thingTopic('door', 'telemetry'), messageId, Buffer.alloc(sizeBytes, 97));
  }

  async function rawClient(broker: Broker, ca: string, identity: Identity) {
    const socket = tlsConnect({
      port: broker.address.port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca,
      key: identity.keyPem,
      cert: identity.certificatePem,
    });
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    const answered = once(socket, 'data');
    socket.write(connectPacket(identity.thing));
    await answered;
    return { socket, write: (chunk: Buffer, done: () => void) => socket.write(chunk, done) };
  }
});

describe('closing', () => {
  it('stores and acknowledges what it has taken in, then ends every connection', async () => {
    const { broker, ingest, identity, connected } = await startBroker();
    const will = { topic: thingTopic('door', 'status'), payload: Buffer.from('gone'), ...qos1 };
    const door = await connected(await identity('door'), { will });
    ingest.hold();
    const publishing = door.publishAsync(thingTopic('door', 'click'), 'x', qos1);
    await ingest.until(() => ingest.waiting === 1);
    const closed = clientEvent(door, 'close');
    const closing = broker.close();
    ingest.release();
    await publishing;
    await Promise.all([closing, closed, broker.close()]);
    expect(ingest.received).toEqual([{ kind: 'click', thing: 'door', text: 'x' }]);
    await expect(broker.publish('door', 'command', 'x')).rejects.toMatchObject({ code: 'BROKER_CLOSED' });
  });

  it('does not wait for ever for a message that is never stored', async () => {
    const { broker, ingest, identity, connected } = await startBroker({ drainLimitMs: 100 });
    const door = await connected(await identity('door'));
    ingest.hold();
    onTestFinished(() => ingest.release());
    door.publish(thingTopic('door', 'click'), 'x', qos1, () => {});
    await ingest.until(() => ingest.waiting === 1);
    await broker.close();
  });

  it('a port that is taken is refused with a hint', async () => {
    const { broker, registry, authority, ingest, log } = await startBroker();
    const tls = await authority.serverCertificate([]);
    const options = { host: '127.0.0.1', port: broker.address.port, tls, registry, ingest, log };
    await expect(Broker.open({ ...options, clock: systemClock })).rejects.toMatchObject({
      code: 'BROKER_LISTEN_FAILED',
      context: { system: 'EADDRINUSE' },
    });
  });

  it('a renewed certificate serves new connections', async () => {
    const { broker, authority, identity, client } = await startBroker();
    broker.setCertificate(await authority.serverCertificate(['other.local']));
    const made = client(await identity('door'), { servername: 'other.local' } as object);
    await clientEvent(made, 'connect');
  });
});
