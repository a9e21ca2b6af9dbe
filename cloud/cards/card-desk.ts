/** Makes cards: the device, its one-time token, the archive that it will ask for, and the files that say so. */
import { hasCode } from '../../core/errors.js';
import type { CardRequest, CardView } from '../../core/wire/cards.js';
import { parseClaimToken } from '../../core/wire/claim-token.js';
import type { Registry } from '../registry/registry.js';
import { readBoard } from './boards.js';
import { cardFiles } from './first-boot.js';
import type { ProgramArchive } from './program-archive.js';

export interface CardDeskOptions {
  readonly registry: Pick<Registry, 'createThing'>;
  readonly archive: Pick<ProgramArchive, 'sha256'>;
  readonly caPem: string;
  readonly createClaimToken: (thing: string) => Promise<{ claimToken: string; expiresAt: string }>;
  /** Where the listeners for devices are bound. */
  readonly listensOn: readonly string[];
}

export class CardDesk {
  readonly #options: CardDeskOptions;

  constructor(options: CardDeskOptions) {
    this.#options = options;
  }

  /** @throws BOARD_UNKNOWN, PACKING_FAILED, THING_NAME_INVALID, THING_EXISTS unless it is to be renewed */
  async make({ name, board, wifi, renew }: CardRequest): Promise<CardView> {
    const { archive, caPem, createClaimToken, listensOn } = this.#options;
    const parts = await readBoard(board);
    const packageSha256 = await archive.sha256();
    await this.#makeThing(name, parts.deviceType, renew);
    const { claimToken, expiresAt } = await createClaimToken(name);
    const files = cardFiles({ ...parts, name, claimToken, caPem, packageSha256, wifi });
    return { thing: name, files, expiresAt, warning: warningOf(parseClaimToken(claimToken).host, listensOn) };
  }

  async #makeThing(name: string, type: string, mayExist: boolean): Promise<void> {
    try {
      await this.#options.registry.createThing(name, type);
    } catch (error) {
      if (!mayExist || !hasCode(error, 'THING_EXISTS')) throw error;
    }
  }
}

function warningOf(host: string, listensOn: readonly string[]): string | null {
  if (![host, ...listensOn].some(isLoopback)) return null;
  return (
    'Only this machine reaches this Gatehouse. Before the device boots, name this machine in "hostNames" of ' +
    'the backend\'s configuration, set "mqtt.host" and "provisioning.host" to "0.0.0.0", and make the card anew.'
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
