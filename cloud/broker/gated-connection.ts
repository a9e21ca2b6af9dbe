/**
 * A connection whose reading can be held, so that a device which sends faster than messages are stored
 * is slowed down by TCP instead of filling memory. Aedes alone reads on while handlers are at work.
 */
import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../../core/clock.js';
import { packetTooLong } from './errors.js';
import type { FrameGuard } from './frame-guard.js';

/** How long a closed connection may take to send what was written before, a PUBACK for instance. */
const lingerMs = 2_000;

export interface GatedConnection {
  readonly stream: Duplex;
  hold(): void;
  release(): void;
}

export function gateConnection(socket: TLSSocket, guard: FrameGuard, clock: Clock): GatedConnection {
  let held = false;
  let wanted = false;
  const pump = () => {
    while (wanted && !held && !stream.destroyed) {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      if (!guard.accept(chunk)) {
        stream.destroy(packetTooLong());
        return;
      }
      wanted = stream.push(chunk);
    }
  };
  const stream = new Duplex({
    read() {
      wanted = true;
      pump();
    },
    write(chunk: Buffer, _encoding, done) {
      socket.write(chunk, done);
    },
    writev(chunks, done) {
      socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done);
    },
    final(done) {
      socket.end(done);
    },
    destroy(error, done) {
      closeSocket(socket, error, clock);
      done(error);
    },
  });
  socket.on('readable', pump);
  socket.on('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  socket.on('close', () => stream.destroy());
  return {
    stream,
    hold() {
      held = true;
    },
    release() {
      held = false;
      pump();
    },
  };
}

function closeSocket(socket: TLSSocket, error: Error | null, clock: Clock): void {
  if (error !== null || socket.destroyed) {
    socket.destroy();
    return;
  }
  socket.destroySoon();
  const timer = clock.after(lingerMs, () => socket.destroy(), { background: true });
  socket.once('close', () => timer.cancel());
}
