/** A device that writes MQTT 3.1.1 packets by itself, right or wrong, over mutual TLS. */
import { once } from 'node:events';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import type { Cloud } from '../../cloud/main.js';
import { parseClaimToken } from '../../core/wire/claim-token.js';
import { makeDeviceRequest } from './device-request.js';

export interface RawIdentity {
  readonly thing: string;
  readonly port: number;
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

export class RawDevice {
  readonly #socket: TLSSocket;
  #acknowledged = 0;
  #wake: () => void = () => {};

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      // PUBACK is the only packet that comes: four bytes.
      this.#acknowledged += Math.floor(rest.length / 4);
      rest = rest.subarray(rest.length - (rest.length % 4));
      this.#wake();
    });
    socket.on('close', () => this.#wake());
  }

  /** Claims a certificate as a device does. */
  static async identify(cloud: Cloud, thing: string): Promise<RawIdentity> {
    const { host, port, secret } = parseClaimToken((await cloud.createClaimToken(thing)).claimToken);
    const { keyPem, csrPem } = await makeDeviceRequest();
    const sent = request({ host, port, path: '/provision', method: 'POST', rejectUnauthorized: false });
    sent.end(JSON.stringify({ claimSecret: secret, certificateSigningRequest: csrPem }));
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const piece of response) text += piece;
    const { certificatePem, caPem } = JSON.parse(text) as { certificatePem: string; caPem: string };
    return { thing, port: cloud.mqttPort, key: keyPem, cert: certificatePem, ca: caPem };
  }

  static async claim(cloud: Cloud, thing: string): Promise<RawDevice> {
    const socket = await dial(await RawDevice.identify(cloud, thing));
    socket.write(connectPacket(thing));
    const [connack] = (await once(socket, 'data')) as [Buffer];
    if (connack[0] !== 0x20 || connack[3] !== 0) throw new Error('the broker refused the device');
    return new RawDevice(socket);
  }

  /** One of each kind, to be mutated. */
  static samplePackets(thing: string): Buffer[] {
    const connectBytes = connectPacket(thing);
    const topic = prefixed(Buffer.from(`gatehouse/v1/${thing}/click`));
    const subscribe = packet(0x82, Buffer.concat([Buffer.from([0, 1]), topic, Buffer.from([1])]));
    const publish = publishPacket(`gatehouse/v1/${thing}/click`, 1, Buffer.from('{}'));
    const rest = [subscribe, publish, packet(0xc0, Buffer.alloc(0)), packet(0x40, Buffer.from([0, 1]))];
    return [connectBytes, ...rest.map((bytes) => Buffer.concat([connectBytes, bytes]))];
  }

  /** Sends bytes on a connection of their own; true when the broker ended it. */
  static async sendBytes(identity: RawIdentity, bytes: Uint8Array): Promise<boolean> {
    const socket = await dial(identity);
    socket.resume();
    let ended = false;
    const closed = once(socket, 'close').then(() => {
      ended = true;
    });
    socket.write(bytes);
    // A packet that may not come twice [MQTT-3.1.0-2] ends what the bytes before have left open.
    socket.write(Buffer.concat([connectPacket(identity.thing), connectPacket(identity.thing)]));
    socket.end();
    await closed;
    return ended;
  }

  /** Resolves when each was acknowledged. */
  async publishAll(messages: readonly { topic: string; payload: Uint8Array }[]): Promise<void> {
    const wanted = this.#acknowledged + messages.length;
    this.#socket.write(
      Buffer.concat(messages.map(({ topic, payload }, index) => publishPacket(topic, index + 1, payload))),
    );
    while (this.#acknowledged < wanted) {
      if (this.#socket.destroyed) throw new Error('the broker ended the connection');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function dial({ port, key, cert, ca }: RawIdentity): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, key, cert, ca, checkServerIdentity: () => undefined });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

function connectPacket(thing: string): Buffer {
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60]);
  return packet(0x10, Buffer.concat([head, prefixed(Buffer.from(thing))]));
}

function publishPacket(topic: string, id: number, payload: Uint8Array): Buffer {
  return packet(
    0x32,
    Buffer.concat([prefixed(Buffer.from(topic)), Buffer.from([id >> 8, id & 0xff]), payload]),
  );
}

function packet(header: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...length]), body]);
}

function prefixed(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
