/** `POST /provision` over TLS that is verified against one CA; turns every outcome into an error of ours. */
import { request } from 'node:https';
import type { Clock } from '../../core/clock.js';
import { type GatehouseError, interrupted, messageOf, systemCode } from '../../core/errors.js';
import { apiError } from '../../core/wire/api.js';
import type { ClaimToken } from '../../core/wire/claim-token.js';
import {
  type ProvisionRequest,
  type ProvisionResponse,
  provisionResponse,
} from '../../core/wire/messages.js';
import {
  certificateExpired,
  claimCaMismatch,
  claimRefused,
  cloudUnreachable,
  provisionAnswerInvalid,
} from './errors.js';

export interface CertificateCall {
  readonly token: ClaimToken;
  readonly caPem: string;
  readonly certificateSigningRequest: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

const answerLimitMs = 20_000;
const longestAnswerBytes = 256 * 1_024;

export async function requestCertificate(call: CertificateCall): Promise<ProvisionResponse> {
  const address = `${call.token.host}:${call.token.port}`;
  let answer: Answer;
  try {
    answer = await post(call);
  } catch (error) {
    if (call.signal?.aborted) throw interrupted(call.signal.reason);
    throw connectionError(error, address, call.clock.now());
  }
  const value = parseJson(answer.text);
  if (answer.status !== 200) throw refusal(answer.status, value, address);
  const parsed = provisionResponse.safeParse(value);
  if (!parsed.success)
    throw provisionAnswerInvalid(address, parsed.error.issues[0]?.message ?? 'not understood');
  return parsed.data;
}

function post({ token, caPem, certificateSigningRequest, clock, signal }: CertificateCall): Promise<Answer> {
  const body: ProvisionRequest = { claimSecret: token.secret, certificateSigningRequest };
  return new Promise((resolve, reject) => {
    const call = request(
      {
        method: 'POST',
        host: token.host,
        port: token.port,
        path: '/provision',
        ca: caPem,
        agent: false,
        headers: { 'content-type': 'application/json' },
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let sizeBytes = 0;
        response.on('data', (chunk: Buffer) => {
          sizeBytes += chunk.length;
          if (sizeBytes > longestAnswerBytes) call.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      },
    );
    const timer = clock.after(answerLimitMs, () => call.destroy(new Error('no answer in time')));
    call.on('error', reject);
    call.on('close', () => timer.cancel());
    call.end(JSON.stringify(body));
  });
}

function refusal(status: number, value: unknown, address: string): GatehouseError {
  const parsed = apiError.safeParse(value);
  const code = parsed.success ? parsed.data.error.code : `HTTP_${status}`;
  const message = parsed.success ? parsed.data.error.message : `it answered ${status}.`;
  const later = status === 429 || status >= 500;
  return later ? cloudUnreachable(address, `${code}: ${message}`) : claimRefused(message, code);
}

/** Node's TLS errors by their codes: who is to blame decides what the user should do. */
function connectionError(error: unknown, address: string, nowMs: number): GatehouseError {
  const code = systemCode(error) ?? '';
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED') {
    return certificateExpired({
      whose: "the cloud's certificate",
      nowMs,
      early: code === 'CERT_NOT_YET_VALID',
    });
  }
  const untrusted = /^(CERT_|ERR_TLS_CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA)/.test(code);
  if (untrusted) return claimCaMismatch(address, messageOf(error), error);
  return cloudUnreachable(address, messageOf(error), error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
