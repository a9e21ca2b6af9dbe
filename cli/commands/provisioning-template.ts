/** `gatehouse provisioning-template`: how boxes of devices become things, as AWS IoT fleet provisioning. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import type { ClaimView, TemplateView } from '../../core/wire/enrolment.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { formatTable } from '../terminal.js';

interface CreateOptions {
  readonly thingName: string;
  readonly type?: string;
  readonly allowReplacement?: boolean;
}

export function addProvisioningTemplate(program: Command): void {
  const template = program
    .command('provisioning-template')
    .description('how boxes of devices become things: templates and claim certificates');
  addBackendOptions(template);
  addCreate(template);
  addList(template);
  addClaim(template);
  addSwitch(template, 'enable', 'let its claims in again');
  addSwitch(template, 'disable', 'void its claim certificates at once');
}

function addCreate(template: Command): void {
  template
    .command('create')
    .description('say how devices with a claim are named')
    .argument('<name>', 'the template')
    .addOption(
      new Option(
        '--thing-name <pattern>',
        'such as sensor-{Serial}; devices send Serial',
      ).makeOptionMandatory(),
    )
    .addOption(new Option('--type <type>', 'device type (default: button)'))
    .addOption(
      new Option('--allow-replacement', 'a new device may take over a thing; the old one is revoked'),
    )
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const view = await api.post<TemplateView>('/provisioning-templates', { name, ...options });
      if (terminal.json) return terminal.printJson(view);
      terminal.print(`Created the template ${name}.`);
      terminal.note(`Next, for the devices: gatehouse provisioning-template claim ${name} --out FOLDER`);
      return undefined;
    });
}

function addList(template: Command): void {
  template
    .command('list')
    .description('every template')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const views = await api.get<TemplateView[]>('/provisioning-templates');
      if (terminal.json) return terminal.printJson(views);
      if (views.length === 0) return terminal.note('No templates yet.');
      const rows = views.map((view) => [
        view.name,
        view.thingName,
        view.type,
        view.enabled ? 'enabled' : 'disabled',
        String(view.claims),
      ]);
      for (const line of formatTable([['TEMPLATE', 'THING NAME', 'TYPE', 'STATE', 'CLAIMS'], ...rows])) {
        terminal.print(line);
      }
      return undefined;
    });
}

function addClaim(template: Command): void {
  template
    .command('claim')
    .description('make a claim certificate to put on a batch of devices')
    .argument('<name>', 'the template')
    .addOption(new Option('--out <folder>', 'for claim.crt, claim.key and ca.crt').makeOptionMandatory())
    .action(async (name: string, options: { out: string }, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const claim = await api.post<ClaimView>(`/provisioning-templates/${encodeURIComponent(name)}/claims`);
      await mkdir(options.out, { recursive: true, mode: 0o700 });
      await writeFile(join(options.out, 'claim.key'), claim.privateKey, { mode: 0o600, flag: 'wx' });
      await writeFile(join(options.out, 'claim.crt'), claim.certificatePem);
      await writeFile(join(options.out, 'ca.crt'), claim.caPem);
      if (terminal.json) return terminal.printJson({ certificateId: claim.certificateId });
      terminal.print(`Wrote claim.crt, claim.key and ca.crt to ${options.out}.`);
      terminal.note('It can do nothing but enrol devices by this template; the key is not kept here.');
      return undefined;
    });
}

function addSwitch(template: Command, verb: 'enable' | 'disable', description: string): void {
  template
    .command(verb)
    .description(description)
    .argument('<name>', 'the template')
    .action(async (name: string, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const path = `/provisioning-templates/${encodeURIComponent(name)}/${verb}`;
      const view = await api.post<TemplateView>(path);
      if (terminal.json) return terminal.printJson(view);
      terminal.print(`${view.name} is ${view.enabled ? 'enabled' : 'disabled'}.`);
      return undefined;
    });
}
