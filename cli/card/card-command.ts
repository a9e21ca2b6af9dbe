/** `gatehouse device card`: the files to drop onto a fresh card, so that it boots as a device of ours. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { hasCode } from '../../core/errors.js';
import type { ApiClient } from '../api-client.js';
import { connectBackend } from '../backend.js';
import { usageError } from '../exit-code.js';
import { runTool } from '../run-tool.js';
import { boardNames, programFolder, readBoard } from './boards.js';
import { cardFiles } from './first-boot.js';

interface CardCommandOptions {
  readonly board: string;
  readonly out: string;
  readonly wifi?: string;
  readonly wifiPasswordFile?: string;
  readonly country: string;
}

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
      const known = await boardNames();
      if (!known.includes(options.board)) {
        throw usageError(`There is no board "${options.board}".`, `Name one of: ${known.join(', ')}.`);
      }
      const wifi = await wifiOf(options);
      const { api, terminal } = await connectBackend(command);
      await makeDevice(api, name, options.board);
      await mkdir(options.out, { recursive: true });
      const packageFile = join(options.out, 'gatehouse.tgz');
      await packProgram(packageFile);
      const packageSha256 = createHash('sha256')
        .update(await readFile(packageFile))
        .digest('hex');
      const { claimToken, expiresAt } = await api.post<{ claimToken: string; expiresAt: string }>(
        `/things/${encodeURIComponent(name)}/claim-token`,
      );
      const files = cardFiles({ name, claimToken, packageSha256, wifi, ...(await readBoard(options.board)) });
      for (const [file, text] of Object.entries(files))
        await writeFile(join(options.out, file), text, { mode: 0o600 });
      const written = [...Object.keys(files), 'gatehouse.tgz'];
      if (terminal.json) return terminal.printJson({ folder: options.out, files: written, expiresAt });
      terminal.print(`Wrote ${written.join(', ')} to ${options.out}.`);
      terminal.note(`Copy them onto the card's first partition, boot, and press the button by ${expiresAt}.`);
      return undefined;
    });
}

async function wifiOf({ wifi, wifiPasswordFile, country }: CardCommandOptions) {
  if (wifi === undefined) return undefined;
  if (wifiPasswordFile === undefined) throw usageError('--wifi needs --wifi-password-file.');
  return { ssid: wifi, password: (await readFile(wifiPasswordFile, 'utf8')).trimEnd(), country };
}

async function makeDevice(api: ApiClient, name: string, board: string): Promise<void> {
  try {
    await api.post('/things', { name, type: board === 'button-box' ? 'button' : 'sensor' });
  } catch (error) {
    // Its card is written anew.
    if (!hasCode(error, 'THING_EXISTS')) throw error;
  }
}

/** This very program without the packages it uses, which differ from machine to machine. */
async function packProgram(filePath: string): Promise<void> {
  const parts = ['bin', 'dist', 'hardware/boards', 'package.json', 'package-lock.json', 'LICENSE'];
  await runTool(['tar', '-czf', filePath, '--exclude=.tsbuildinfo', '-C', programFolder, ...parts]);
}
