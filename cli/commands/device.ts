/** `gatehouse device`: list, create, claim, press and revoke things of a running backend. */
import { type Command, Option } from 'commander';
import type { ThingView } from '../../core/wire/api.js';
import type { ApiClient } from '../api-client.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { addCard } from '../card/card-command.js';
import { formatTable } from '../terminal.js';
import { addLifeCommands } from './device-life.js';
import { addOutput } from './device-output.js';

const pageSize = 1_000;

interface ClaimTokenAnswer {
  readonly claimToken: string;
  readonly expiresAt: string;
}

export function addDevice(program: Command): void {
  const device = addBackendOptions(program.command('device')).description(
    'devices of a running backend: list, create, claim, press, switch, replace, revoke',
  );
  addList(device);
  addCreate(device);
  addClaimToken(device);
  addPress(device);
  addOutput(device);
  addRevoke(device);
  addLifeCommands(device);
  addCard(device);
}

function addList(device: Command): void {
  device
    .command('list')
    .description('every device: is it online, when was it last heard, how long will it live')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const things = await allThings(api);
      if (terminal.json) return terminal.printJson(things);
      if (things.length === 0) {
        return terminal.note('No devices yet. Make one: gatehouse device create NAME');
      }
      const rows = things.map((thing) => [
        thing.name,
        thing.type,
        stateOf(thing),
        thing.lastSeen ?? 'never',
        thing.remainingLife === null ? '-' : `${thing.remainingLife.toFixed(1)} %`,
      ]);
      for (const line of formatTable([['NAME', 'TYPE', 'STATE', 'LAST HEARD', 'LIFE LEFT'], ...rows])) {
        terminal.print(line);
      }
      return undefined;
    });
}

/** Page by page. */
async function allThings(api: ApiClient): Promise<ThingView[]> {
  const things: ThingView[] = [];
  for (;;) {
    const after = encodeURIComponent(things.at(-1)?.name ?? '');
    const page = await api.get<ThingView[]>(`/things?limit=${pageSize}&after=${after}`);
    things.push(...page);
    if (page.length < pageSize) return things;
  }
}

function stateOf({ claim, enabled, online }: ThingView): string {
  if (claim !== 'CLAIMED') return claim.toLowerCase().replace('_', ' ');
  return `${online ? 'online' : 'offline'}${enabled ? '' : ', disabled'}`;
}

function addCreate(device: Command): void {
  device
    .command('create')
    .description('make a device that an agent can then claim')
    .argument('<name>', 'letters, digits, - and _')
    .addOption(new Option('--type <type>', 'device type').default('button'))
    .action(async (name: string, options: { type: string }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const thing = await api.post<ThingView>('/things', { name, type: options.type });
      if (terminal.json) return terminal.printJson(thing);
      terminal.print(`Created ${thing.name} (${thing.type}).`);
      terminal.note(`Next, for its agent: gatehouse device claim-token ${thing.name}`);
      return undefined;
    });
}

function addClaimToken(device: Command): void {
  device
    .command('claim-token')
    .description('a one-time token with which an agent gets its certificate')
    .argument('<name>', 'the device')
    .action(async (name: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const answer = await api.post<ClaimTokenAnswer>(`/things/${encodeURIComponent(name)}/claim-token`);
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(answer.claimToken);
      terminal.note(`Good for one device until ${answer.expiresAt}. On that device:`);
      terminal.note('  gatehouse agent run --claim-token TOKEN --config agent.json');
      return undefined;
    });
}

const patterns = { single: 'SINGLE', double: 'DOUBLE', long: 'LONG' } as const;

function addPress(device: Command): void {
  device
    .command('press')
    .description('press a simulated button, as an electrical edge on its line would')
    .argument('<name>', 'the device')
    .addOption(new Option('--pattern <pattern>', 'how').choices(Object.keys(patterns)).default('single'))
    .addOption(new Option('--button <button>', 'which button, when the device has several'))
    .action(
      async (
        name: string,
        options: { pattern: keyof typeof patterns; button?: string },
        command: Command,
      ) => {
        const { api, terminal } = await connectBackend(command);
        const body = {
          pattern: patterns[options.pattern],
          ...(options.button ? { button: options.button } : {}),
        };
        const answer = await api.post<{ id: string }>(`/things/${encodeURIComponent(name)}/press`, body);
        if (terminal.json) return terminal.printJson(answer);
        terminal.print(`Pressed ${name} (${options.pattern}).`);
        return undefined;
      },
    );
}

function addRevoke(device: Command): void {
  device
    .command('revoke')
    .description('revoke the certificates of a device; it is cut off at once')
    .argument('<name>', 'the device')
    .action(async (name: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const answer = await api.post<{ certificateIds: string[] }>(
        `/things/${encodeURIComponent(name)}/revoke`,
      );
      if (terminal.json) return terminal.printJson(answer);
      const count = answer.certificateIds.length;
      terminal.print(
        count === 0 ? `${name} had no valid certificate.` : `Revoked ${count} of ${name}; it is cut off.`,
      );
      return undefined;
    });
}
