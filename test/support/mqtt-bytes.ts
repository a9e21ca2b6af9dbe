/** MQTT 3.1.1 packets as bytes, for clients that do what no library would. */

export function connectPacket(clientId: string): Buffer {
  // Level 4, clean session, no keep-alive (3.1.2).
  return packet(0x10, [text('MQTT'), Buffer.from([4, 0x02, 0, 0]), text(clientId)]);
}

/** PUBLISH with quality of service 1 (3.3). */
export function publishPacket(topic: string, messageId: number, payload: Uint8Array): Buffer {
  return packet(0x32, [text(topic), Buffer.from([messageId >> 8, messageId & 0xff]), payload]);
}

function packet(type: number, parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = body.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from([type, ...length]), body]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
