/** Sends one HTTP request for an action, and tells an answer that passes from one that stays. */
import { GatehouseError, messageOf } from '../../../core/errors.js';
import { deliveryDelayed, deliveryRefused } from '../errors.js';

export interface HttpDelivery {
  readonly url: string;
  readonly method: 'POST' | 'PUT' | 'GET';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

/** Of an answer, only so much is kept for the log. */
const keptCharacters = 2_000;
const readBytes = 64 * 1024;

/**
 * Redirects are refused: a signed body goes where it was addressed to and nowhere else.
 * @returns the status and the beginning of the answer, for the log.
 * @throws DELIVERY_DELAYED, DELIVERY_REFUSED
 */
export async function deliverOverHttp(delivery: HttpDelivery): Promise<string> {
  const { url, method, headers, body, signal } = delivery;
  let status: number;
  let text: string;
  try {
    const init = {
      method,
      headers: { 'user-agent': 'gatehouse', ...headers },
      redirect: 'manual',
      signal,
    } as const;
    const response = await fetch(url, body === undefined ? init : { ...init, body });
    status = response.status;
    text = await beginningOf(response);
  } catch (error) {
    if (signal.aborted || error instanceof GatehouseError) throw error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw deliveryDelayed(hostOf(url), messageOf(cause), error);
  }
  const answer = `HTTP ${status}${text === '' ? '' : `: ${text}`}`;
  if (status >= 200 && status < 300) return answer;
  const later = status === 408 || status === 425 || status === 429 || status >= 500;
  throw later ? deliveryDelayed(hostOf(url), answer, undefined) : deliveryRefused(hostOf(url), answer);
}

/** A receiver that never stops talking must not fill our memory. */
async function beginningOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    sizeBytes += (chunk as Uint8Array).length;
    if (sizeBytes > readBytes) break;
  }
  return text.trim().slice(0, keptCharacters);
}

/** Without path and query, which may hold a key. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'the address';
}
