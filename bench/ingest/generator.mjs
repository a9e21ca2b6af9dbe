/**
 * Devices that publish with QoS 1 as fast as they are acknowledged, or at a rate, in a process of their own. Speaks
 * just enough MQTT 3.1.1 by itself, so that the two cores go to the broker and not to a client library.
 * Takes one job over IPC and answers with what was sent, acknowledged, and how long it took.
 */
import { once } from 'node:events';
import { connect } from 'node:tls';

process.once('message', async (job) => {
  const devices = await Promise.all(job.identities.map((identity, index) => open(job, identity, index)));
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const endAt = started + job.seconds * 1000;
  const perSecond = [];
  const watch = setInterval(() => perSecond.push(sum(devices, 'acked')), 1000);
  await Promise.all(devices.map((device) => device.run(endAt)));
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  process.send({
    sent: sum(devices, 'sent'),
    acked: sum(devices, 'acked'),
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    perSecond: perSecond.map((acked, index) => acked - (perSecond[index - 1] ?? 0)),
    lost: devices.filter((device) => device.failure !== undefined).map((device) => device.failure),
  });
  for (const device of devices) device.socket.destroy();
  process.disconnect();
});

function sum(devices, key) {
  return devices.reduce((total, device) => total + device[key], 0);
}

async function open(job, identity, index) {
  const socket = connect({
    host: '127.0.0.1',
    port: job.port,
    servername: 'localhost',
    ca: identity.caPem,
    key: identity.keyPem,
    cert: identity.certificatePem,
    checkServerIdentity: () => undefined,
  });
  await once(socket, 'secureConnect');
  const thing = Buffer.from(identity.thing);
  // CONNECT, MQTT 3.1.1, clean session, keep alive 0.
  const head = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0]);
  socket.write(packet(0x10, Buffer.concat([head, lengthPrefixed(thing)])));
  const [connack] = await once(socket, 'data');
  if (connack[0] !== 0x20 || connack[3] !== 0) throw new Error(`refused: ${connack.toString('hex')}`);
  return new Device(job, identity, socket, index);
}

class Device {
  sent = 0;
  acked = 0;
  failure;
  socket;
  #topic;
  #makePayload;
  #window;
  #packetId = 0;
  #expected = 0;
  #rest = Buffer.alloc(0);
  /** Messages a second; as fast as acknowledged unless given. */
  #rate;
  #startedAt = 0;
  #endAt = 0;
  #pace;
  #done;

  constructor(job, identity, socket, index) {
    this.socket = socket;
    this.#topic = lengthPrefixed(Buffer.from(`gatehouse/v1/${identity.thing}/${job.kind}`));
    this.#makePayload = payloads[job.kind](job, index);
    this.#window = job.window;
    this.#rate = job.rate && job.rate / job.identities.length;
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('close', () => this.#end('the connection was closed'));
    socket.on('error', (error) => this.#end(error.message));
  }

  run(endAt) {
    this.#startedAt = performance.now();
    this.#endAt = endAt;
    this.#fill();
    if (this.#rate !== undefined) this.#pace = setInterval(() => this.#fill(), 10);
    return new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  #fill() {
    const nowMs = performance.now();
    const due =
      this.#rate === undefined ? Infinity : ((nowMs - this.#startedAt) * this.#rate) / 1000 - this.sent;
    const free = Math.min(this.#window - (this.sent - this.acked), Math.ceil(due));
    if (nowMs >= this.#endAt) {
      if (this.acked === this.sent) this.#finish();
      return;
    }
    if (free <= 0) return;
    const packets = [];
    for (let i = 0; i < free; i++) packets.push(this.#publish());
    this.sent += free;
    this.socket.write(Buffer.concat(packets));
  }

  #publish() {
    this.#packetId = (this.#packetId % 65_535) + 1;
    const id = Buffer.from([this.#packetId >> 8, this.#packetId & 0xff]);
    return packet(0x32, Buffer.concat([this.#topic, id, this.#makePayload()]));
  }

  #take(chunk) {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (; this.#rest.length - at >= 4; at += 4) {
      const packetId = (this.#rest[at + 2] << 8) | this.#rest[at + 3];
      this.#expected = (this.#expected % 65_535) + 1;
      if (this.#rest[at] !== 0x40 || packetId !== this.#expected) return this.#end('no PUBACK in its turn');
      this.acked++;
    }
    this.#rest = this.#rest.subarray(at);
    this.#fill();
    return undefined;
  }

  #end(failure) {
    this.failure ??= failure;
    this.#finish();
  }

  #finish() {
    clearInterval(this.#pace);
    this.#done?.();
  }
}

const payloads = {
  telemetry({ readings, run }, index) {
    let seq = 0;
    let timeMs = Date.now();
    return () => {
      const parts = [];
      for (let i = 0; i < readings; i++) {
        const time = new Date(timeMs++).toISOString();
        const value = (20 + ((seq * 7 + i) % 100) / 10).toFixed(1);
        parts.push(`{"series":"room.temperature","unit":"Cel","value":${value},"deviceTime":"${time}"}`);
      }
      seq++;
      return Buffer.from(
        `{"v":1,"id":"${run}-${index}-${seq}","seq":${seq},"readings":[${parts.join(',')}]}`,
      );
    };
  },
  click({ run }, index) {
    let seq = 0;
    return () => {
      seq++;
      const time = new Date().toISOString();
      return Buffer.from(
        `{"v":1,"id":"${run}-${index}-${seq}","seq":${seq},"deviceTime":"${time}","button":"b","clickType":"SINGLE"}`,
      );
    };
  },
};

function packet(header, body) {
  const length = [];
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...length]), body]);
}

function lengthPrefixed(bytes) {
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
