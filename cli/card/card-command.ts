/** `gatehouse device card`: the files to drop onto a fresh card, so that it boots as a device of ours. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { CardView } from '../../core/wire/cards.js';
import { connectBackend } from '../backend.js';
import { usageError } from '../exit-code.js';

interface CardCommandOptions {
  readonly board: string;
  readonly out: string;
  readonly wifi?: string;
  readonly wifiPasswordFile?: string;
  readonly country: string;
}

/** The first card of a backend takes the time to pack the program. */
const limitMs = 130_000;

export function addCard(device: Command): void {
  device
    .command('card')
    .description('files for a fresh card of Raspberry Pi OS, which makes it this device at its first boot')
    .argument('<name>', 'the device; made if there is none')
    .requiredOption('--board <board>', 'what is wired: button-box, sensor-node or rover')
    .requiredOption('--out <dir>', 'where the files go: the card itself, or a folder')
    .addOption(new Option('--wifi <ssid>', 'network that it joins; without it, by cable'))
    .addOption(new Option('--wifi-password-file <file>', 'file with the password of that network'))
    .addOption(new Option('--country <code>', 'whose rules the radio keeps').default('GB'))
    .action(async (name: string, options: CardCommandOptions, command: Command) => {
      const wifi = await wifiOf(options);
      const { api, terminal } = await connectBackend(command);
      const request = { name, board: options.board, renew: true, ...(wifi !== undefined && { wifi }) };
      const { files, expiresAt, warning } = await api.post<CardView>('/cards', request, limitMs);
      await mkdir(options.out, { recursive: true });
      const written = Object.keys(files);
      for (const [file, text] of Object.entries(files))
        await writeFile(join(options.out, file), text, { mode: 0o600 });
      if (terminal.json)
        return terminal.printJson({ folder: options.out, files: written, expiresAt, warning });
      terminal.print(`Wrote ${written.join(', ')} to ${options.out}.`);
      terminal.note(`Copy them onto the card's first partition, boot, and press the button by ${expiresAt}.`);
      if (warning !== null) terminal.note(`Warning: ${warning}`);
      return undefined;
    });
}

async function wifiOf({ wifi, wifiPasswordFile, country }: CardCommandOptions) {
  if (wifi === undefined) return undefined;
  if (wifiPasswordFile === undefined) throw usageError('--wifi needs --wifi-password-file.');
  return { ssid: wifi, password: (await readFile(wifiPasswordFile, 'utf8')).trimEnd(), country };
}
