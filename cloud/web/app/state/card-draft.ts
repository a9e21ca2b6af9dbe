/** What a person fills in for a new device, and the request that it makes. Pure. */
import type { CardRequest } from '../../../../core/wire/cards.js';

export interface CardDraft {
  readonly name: string;
  readonly board: string;
  /** Empty for the cable. */
  readonly ssid: string;
  readonly password: string;
  readonly country: string;
}

/** `language` is the browser's, whose region is where the device will most likely stand. */
export function emptyCardDraft(language: string): CardDraft {
  const country = /-([A-Z]{2})\b/.exec(language)?.[1] ?? 'GB';
  return { name: '', board: 'button-box', ssid: '', password: '', country };
}

/** A sentence that says what is missing, or undefined when all is there. */
export function cardProblem({ name, ssid, password, country }: CardDraft): string | undefined {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name)) return 'Give it a name of letters, digits, - and _.';
  if (ssid === '') return undefined;
  if (password.length < 8) return 'The password of the network has 8 characters at least.';
  if (!/^[A-Za-z]{2}$/.test(country)) return 'Name the country in two letters, such as GB.';
  return undefined;
}

/** The body of `POST /cards`; `renew` for a device that exists. */
export function cardRequestOf(draft: CardDraft, renew: boolean): CardRequest {
  const { name, board, ssid, password, country } = draft;
  const wifi = { ssid, password, country: country.toUpperCase() };
  return { name, board, renew, ...(ssid !== '' && { wifi }) };
}
