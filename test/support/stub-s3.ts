/**
 * A stub of an S3 server on loopback: real HTTP, answers made up by the test. For what a real
 * server cannot be made to do on demand: faults, silence, and counting bytes on the wire.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Serves until the running test ends. `endpoint` is an origin. */
export async function stubS3(answer: Answer): Promise<{ endpoint: string; server: Server }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Takes in the whole request, then answers with an S3 error document. */
export function s3Error(status: number, code: string): Answer {
  return (request, response) => {
    request.resume().once('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>made up</Message></Error>`);
    });
  };
}
