/** `gatehouse shadow`: what is desired of a device and what it reports. */
import { type Command, Option } from 'commander';
import { GatehouseError, messageOf } from '../../core/errors.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { count } from '../option-values.js';

interface ShadowView {
  readonly state: Readonly<Record<string, unknown>>;
  readonly version: number;
  readonly updatedAt: string;
}

interface ShadowOptions {
  readonly name?: string;
  readonly version?: number;
}

export function addShadow(program: Command): void {
  const shadow = program
    .command('shadow')
    .description('device shadows: what is desired of a device, what it reports');
  addBackendOptions(shadow);
  addShow(shadow);
  addDesire(shadow);
  addDelete(shadow);
}

const nameOption = () => new Option('--name <name>', 'a named shadow (default: the classic one)');

function pathOf(thing: string, { name }: ShadowOptions): string {
  const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
  return `/things/${encodeURIComponent(thing)}/shadow${query}`;
}

function addShow(shadow: Command): void {
  shadow
    .command('show')
    .description('the document of a shadow')
    .argument('<thing>', 'the device')
    .addOption(nameOption())
    .action(async (thing: string, options: ShadowOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.get<ShadowView>(pathOf(thing, options));
      if (terminal.json) return terminal.printJson(view);
      terminal.print(JSON.stringify(view.state, undefined, 2));
      terminal.note(`Version ${view.version}, changed ${view.updatedAt}.`);
      return undefined;
    });
}

function addDesire(shadow: Command): void {
  shadow
    .command('desire')
    .description('ask a device for something; it gets it now or when it comes back')
    .argument('<thing>', 'the device')
    .argument('<json>', `what is to be merged into "desired", such as '{"outputs": {"lamp": true}}'`)
    .addOption(nameOption())
    .addOption(new Option('--if-version <n>', 'only if the shadow has this version').argParser(count))
    .action(
      async (
        thing: string,
        json: string,
        options: ShadowOptions & { ifVersion?: number },
        command: Command,
      ) => {
        const { api, terminal } = await connectBackend(command);
        const { ifVersion } = options;
        const body = {
          state: { desired: parseJsonArgument(json) },
          ...(ifVersion !== undefined && { version: ifVersion }),
        };
        const view = await api.post<ShadowView>(pathOf(thing, options), body);
        if (terminal.json) return terminal.printJson(view);
        terminal.print(`Desired of ${thing}; the shadow has version ${view.version}.`);
        return undefined;
      },
    );
}

function addDelete(shadow: Command): void {
  shadow
    .command('delete')
    .description('take a shadow away; its version goes on counting')
    .argument('<thing>', 'the device')
    .addOption(nameOption())
    .action(async (thing: string, options: ShadowOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const answer = await api.delete<{ version: number }>(pathOf(thing, options));
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(`Deleted the shadow of ${thing} (it had version ${answer.version}).`);
      return undefined;
    });
}

function parseJsonArgument(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new GatehouseError('DOCUMENT_INVALID', `This is not JSON: ${messageOf(error)}.`, {
      hint: `Quote it for the shell, such as '{"outputs": {"lamp": true}}'.`,
    });
  }
}
