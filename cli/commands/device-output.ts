/** `gatehouse device output`: switch a lamp, a buzzer or a relay of a device. */
import { Argument, type Command, Option } from 'commander';
import { connectBackend } from '../backend.js';
import { count } from '../option-values.js';

const help = `
Reaches a device that is connected now. What shall also hold for one that is away goes into its shadow:
  desired.outputs.NAME is "on", "off", or { "pulse": MS, "id": "..." } (see docs/agent.md)`;

export function addOutput(device: Command): void {
  device
    .command('output')
    .description('switch a lamp, a buzzer or a relay of a device')
    .argument('<name>', 'the device')
    .addArgument(new Argument('<action>', 'what to do').choices(['on', 'off', 'pulse']))
    .addOption(new Option('--output <output>', 'which output, when the device has several'))
    .addOption(new Option('--ms <ms>', 'length of a pulse').argParser(count))
    .addHelpText('after', help)
    .action(
      async (name: string, action: string, options: { output?: string; ms?: number }, command: Command) => {
        const { api, terminal } = await connectBackend(command);
        const body = {
          action,
          ...(options.output === undefined ? {} : { output: options.output }),
          ...(options.ms === undefined ? {} : { pulseMs: options.ms }),
        };
        const answer = await api.post<{ id: string }>(`/things/${encodeURIComponent(name)}/output`, body);
        if (terminal.json) return terminal.printJson(answer);
        terminal.print(`Told ${name}: ${options.output ?? 'its output'} ${action}.`);
        return undefined;
      },
    );
}
