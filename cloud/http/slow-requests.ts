/**
 * Cuts requests that are too slow in coming, which would hold connections for ever. An upload may take as long
 * as it likes while bytes keep coming; Node's own limit is one for all requests.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../../core/clock.js';

/** For headers and body of a request that is no upload. */
const wholeLimitMs = 30_000;
/** In which at least a byte of an upload must come; it is cut after twice as long at the latest. */
const silenceLimitMs = 30_000;

const timedOut = 'HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n';

export interface SlowRequestOptions {
  readonly clock: Clock;
  /** @param path without the query. */
  readonly isUpload: (method: string, path: string) => boolean;
}

/** Takes the place of the server's `requestTimeout`, which is to be 0; `headersTimeout` stays. */
export function cutSlowRequests(server: Server, { clock, isUpload }: SlowRequestOptions): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const [path = ''] = (request.url ?? '').split('?');
    const cut = () => cutOff(request, response);
    const timer = isUpload(request.method ?? '', path)
      ? whenSilent(clock, request, cut)
      : clock.after(wholeLimitMs, cut, { background: true });
    for (const end of ['end', 'close']) request.once(end, () => timer.cancel());
  });
}

/** The first look tells what has come with the headers. */
function whenSilent(clock: Clock, request: IncomingMessage, cut: () => void): Timer {
  let seenBytes = -1;
  const look = () => {
    const { bytesRead } = request.socket;
    if (bytesRead === seenBytes) return cut();
    seenBytes = bytesRead;
    timer = clock.after(silenceLimitMs, look, { background: true });
  };
  let timer: Timer | undefined;
  look();
  return { cancel: () => timer?.cancel() };
}

function cutOff(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (!response.headersSent) request.socket.write(timedOut);
  request.socket.destroy();
}
