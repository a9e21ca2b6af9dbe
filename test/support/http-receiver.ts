/** An HTTP server that keeps what it gets and answers what the test says. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Status and body of the answers to come; `undefined` never answers. */
  answer: readonly [number, string, Record<string, string>?] | undefined;
}

export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    received.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    if (receiver.answer === undefined) return;
    const [status, text, headers = {}] = receiver.answer;
    response.writeHead(status, headers).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: [200, 'taken'],
  };
  return receiver;
}
