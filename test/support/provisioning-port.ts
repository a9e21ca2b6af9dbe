/** A provisioning port as the cloud has it: one-time secrets, idempotent for the same key. */
import { createHash, X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { formatClaimToken, parseClaimToken } from '../../core/wire/claim-token.js';
import { type ProvisionRequest, provisionRequest } from '../../core/wire/messages.js';
import type { PrivateCa } from './private-ca.js';

export interface ProvisioningPortOptions {
  readonly ca: PrivateCa;
  readonly thing?: string;
  readonly mqttPort?: number;
  /** Names in the server's certificate. */
  readonly hosts?: readonly string[];
  /** Whether the server sends its CA along, as it must. */
  readonly sendCa?: boolean;
  /** Changes the answer before it goes out. */
  readonly spoil?: (answer: Record<string, unknown>) => void;
  /** Answers with this status instead. */
  readonly fail?: () => { status: number; code: string } | undefined;
  readonly notAfter?: Date;
}

const secret = 'a-secret-of-some-length';

export async function provisioningPort(options: ProvisioningPortOptions) {
  const { ca, thing = 'lamp' } = options;
  const server = await ca.issue({ commonName: 'cloud', hosts: options.hosts ?? ['localhost'] });
  const requests: { claimSecret: string; key: string }[] = [];
  let owner: string | undefined;
  const chain = server.certificatePem + (options.sendCa === false ? '' : ca.certificatePem);
  const answerTo = async (body: ProvisionRequest): Promise<Reply> => {
    const failure = options.fail?.();
    if (failure !== undefined) return refusal(failure.status, failure.code);
    const certificatePem = await ca.signRequest(body.certificateSigningRequest, {
      commonName: thing,
      ...(options.notAfter === undefined ? {} : { notAfter: options.notAfter }),
    });
    const certificate = new X509Certificate(certificatePem);
    const key = certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('hex');
    requests.push({ claimSecret: body.claimSecret, key });
    if (body.claimSecret !== secret) return refusal(403, 'CLAIM_INVALID');
    if (owner !== undefined && owner !== key) return refusal(403, 'CLAIM_USED');
    owner = key;
    const answer = {
      thingName: thing,
      certificateId: createHash('sha256').update(certificate.raw).digest('hex'),
      certificatePem,
      caPem: ca.certificatePem,
      mqttHost: 'localhost',
      mqttPort: options.mqttPort ?? 8883,
    };
    options.spoil?.(answer);
    return { status: 200, body: answer };
  };
  const listener = createServer({ cert: chain, key: server.privateKeyPem }, (request, response) => {
    void readBody(request)
      .then((text) => answerTo(provisionRequest.parse(JSON.parse(text))))
      .then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
  });
  listener.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    listener.closeAllConnections();
    return new Promise<void>((resolve) => listener.close(() => resolve()));
  });
  const { port } = listener.address() as AddressInfo;
  const tokenText = formatClaimToken({ host: 'localhost', port, caSha256: ca.sha256, secret });
  return { port, requests, tokenText, token: parseClaimToken(tokenText) };
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

function refusal(status: number, code: string): Reply {
  return { status, body: { error: { code, message: 'It says no.' } } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
