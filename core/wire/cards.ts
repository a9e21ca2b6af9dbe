/**
 * Cards: the files with which a fresh Raspberry Pi becomes a device of ours at its first boot.
 *
 *   GET    /boards                    BoardView[] by name
 *   GET    /boards/NAME/wiring.svg    how it is wired
 *   POST   /cards                     CardRequest -> CardView    409 when the device exists, unless `renew`
 *
 * The device itself reads `GET /install/SHA256` at the provisioning port, with the secret of its claim
 * token as a bearer.
 */
import { z } from 'zod';
import { thingName } from './messages.js';

export const cardRequest = z.strictObject({
  /** The device; made unless it exists. */
  name: thingName,
  board: z.string().min(1).max(64),
  /** A network to join; without it the device takes the cable. */
  wifi: z
    .strictObject({
      ssid: z.string().min(1).max(32),
      /** WPA: 8 to 63 characters, or the key itself in hex. */
      password: z.string().min(8).max(64),
      /** ISO 3166-1: whose rules the radio keeps. */
      country: z.string().regex(/^[A-Z]{2}$/, 'two capital letters, such as GB'),
    })
    .optional(),
  /** True for a new card of a device that exists. */
  renew: z.boolean().default(false),
});
export type CardRequest = z.infer<typeof cardRequest>;

export interface BoardView {
  readonly name: string;
  readonly title: string;
  /** Has it a button, whose first press claims the device? Else it claims by itself. */
  readonly claimsOnPress: boolean;
}

/** By name, as they are called on the card's first partition. */
export type CardFiles = Readonly<Record<'user-data' | 'network-config' | 'meta-data', string>>;

export interface CardView {
  readonly thing: string;
  readonly files: CardFiles;
  /** Until when the device must have claimed its certificate. */
  readonly expiresAt: string;
  /** Why the device will not reach this backend as it is configured, and what to do; null when it should. */
  readonly warning: string | null;
}

const installRoot = '/install/';

export function installPath(sha256: string): string {
  return installRoot + sha256;
}

/** The digest that a path of `installPath` names; undefined for any other path. */
export function installDigest(path: string): string | undefined {
  const rest = path.startsWith(installRoot) ? path.slice(installRoot.length) : '';
  return /^[0-9a-f]{64}$/.test(rest) ? rest : undefined;
}
