/** `gatehouse device manufacture|claim|enable|...`: the life of a device, from the box to its replacement. */
import { type Command, Option } from 'commander';
import type { Manufactured, ThingView } from '../../core/wire/api.js';
import type { ApiClient } from '../api-client.js';
import { connectBackend } from '../backend.js';
import { usageError } from '../exit-code.js';
import { count } from '../option-values.js';

export function addLifeCommands(device: Command): void {
  addManufacture(device);
  addClaim(device);
  addFinalize(device);
  addSteps(device);
  addReplace(device);
}

function addManufacture(device: Command): void {
  device
    .command('manufacture')
    .description('register devices that nobody has claimed yet, as a factory does')
    .argument('[serial...]', 'their serial numbers (default: made up)')
    .addOption(new Option('--count <n>', 'how many, without serial numbers').argParser(count).default(1))
    .addOption(new Option('--type <type>', 'device type').default('button'))
    .addOption(new Option('--box', 'with one claim code for all of them'))
    .action(
      async (
        serials: string[],
        options: { count: number; type: string; box?: boolean },
        command: Command,
      ) => {
        const { api, terminal } = await connectBackend(command);
        const which = serials.length > 0 ? { serials } : { count: options.count };
        const body = { ...which, type: options.type, box: options.box ?? false };
        const { devices, claimCode } = await api.post<Manufactured>('/manufacture', body);
        if (terminal.json) return terminal.printJson({ devices, ...(claimCode && { claimCode }) });
        for (const name of devices) terminal.print(name);
        if (claimCode !== undefined) terminal.print(`Claim code: ${claimCode}`);
        terminal.note(
          claimCode === undefined
            ? 'Claim each: gatehouse device claim SERIAL, press its button once, then device finalize SERIAL'
            : `Claim them all: gatehouse device claim ${claimCode}. The code is not shown again.`,
        );
        return undefined;
      },
    );
}

function addClaim(device: Command): void {
  device
    .command('claim')
    .description('claim a box by its code, or begin to claim one device by its serial number')
    .argument('<code-or-serial>', 'a code begins with C-')
    .action(async (which: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      if (which.startsWith('C-')) {
        const answer = await api.post<{ total: number }>('/claims', { claimCode: which });
        if (terminal.json) return terminal.printJson(answer);
        terminal.print(`Claimed ${answer.total}. They are disabled: gatehouse device enable SERIAL`);
        return undefined;
      }
      const thing = await api.post<ThingView>(`${pathOf(which)}/initiate-claim`);
      if (terminal.json) return terminal.printJson(thing);
      terminal.print(`Press the button of ${which} once, then: gatehouse device finalize ${which}`);
      return undefined;
    });
}

function addFinalize(device: Command): void {
  device
    .command('finalize')
    .description('end the claim of one device, after its button was pressed')
    .argument('<serial>', 'the device')
    .addOption(new Option('--tag <key=value...>', 'tags for it'))
    .action(async (name: string, options: { tag?: string[] }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const tags = Object.fromEntries((options.tag ?? []).map(tagOf));
      const thing = await api.post<ThingView>(`${pathOf(name)}/finalize-claim`, { tags });
      if (terminal.json) return terminal.printJson(thing);
      terminal.print(`Claimed ${name}. It is disabled: gatehouse device enable ${name}`);
      return undefined;
    });
}

function tagOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`"${text}" is no KEY=VALUE.`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function addSteps(device: Command): void {
  const step = (
    name: string,
    description: string,
    work: (api: ApiClient, path: string) => Promise<ThingView>,
    sentence: (thing: string) => string,
  ) => {
    device
      .command(name)
      .description(description)
      .argument('<name>', 'the device')
      .action(async (thing: string, _options, command: Command) => {
        const { api, terminal } = await connectBackend(command);
        const view = await work(api, pathOf(thing));
        if (terminal.json) return terminal.printJson(view);
        terminal.print(sentence(thing));
        return undefined;
      });
  };
  const enable = (enabled: boolean) => (api: ApiClient, path: string) =>
    api.patch<ThingView>(path, { enabled }, '*');
  step('enable', 'let its clicks run actions', enable(true), (thing) => `${thing} is enabled.`);
  step('disable', 'store its clicks and run nothing', enable(false), (thing) => `${thing} is disabled.`);
  step(
    'unclaim',
    'give a device up; it leaves its placement, which stays',
    (api, path) => api.post<ThingView>(`${path}/unclaim`),
    (thing) => `${thing} is unclaimed.`,
  );
  step(
    'battery',
    'note that its battery was changed: the life left begins anew',
    (api, path) => api.post<ThingView>(`${path}/battery-replaced`),
    (thing) => `${thing} has a fresh battery.`,
  );
}

function addReplace(device: Command): void {
  device
    .command('replace')
    .description('put a new device where an old one sits; the placement keeps name, attributes and history')
    .argument('<old>', 'the device that goes')
    .argument('<new>', 'the claimed device that comes')
    .action(async (old: string, by: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const thing = await api.post<ThingView>(`${pathOf(old)}/replace`, { by });
      if (terminal.json) return terminal.printJson(thing);
      terminal.print(`${by} sits in ${thing.placement?.placementName ?? '?'} now; ${old} is disabled.`);
      return undefined;
    });
}

function pathOf(name: string): string {
  return `/things/${encodeURIComponent(name)}`;
}
