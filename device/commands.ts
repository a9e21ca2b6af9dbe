/**
 * Carries out what the cloud asks of this device. A command that comes twice (QoS 1) is done once;
 * one that makes no sense is logged and left.
 */
import { faultsOf } from '../core/config.js';
import type { Logger } from '../core/log.js';
import { type ClickType, type CommandMessage, commandMessage } from '../core/wire/messages.js';
import { thingTopic } from '../core/wire/topics.js';
import type { Transport } from './transport/transport.js';

export interface CommandsOptions {
  readonly transport: Transport;
  readonly thing: string;
  readonly log: Logger;
  readonly press: (button: string, pattern: ClickType) => Promise<void>;
  readonly output: (command: OutputCommand) => Promise<void>;
}

export type OutputCommand = Extract<CommandMessage, { command: 'output' }>;

const rememberedIds = 100;

/** Subscribes; commands arrive until the transport closes. */
export function listenToCommands(options: CommandsOptions): void {
  const { transport, thing, log } = options;
  const done = new Set<string>();
  transport
    .subscribe(thingTopic(thing, 'command'), ({ payload }) => {
      const command = parse(payload, log);
      if (command === undefined || done.has(command.id)) return;
      remember(done, command.id);
      carryOut(command, options).catch((error: unknown) => {
        log.warn('command refused', { command: command.command, error });
      });
    })
    // The transport has logged a refusal; closing ends the wait.
    .catch(() => {});
}

async function carryOut(command: CommandMessage, { press, output, log }: CommandsOptions): Promise<void> {
  if (command.command === 'output') return output(command);
  log.info('pressing by command', { button: command.button, pattern: command.pattern });
  await press(command.button, command.pattern);
}

function parse(payload: Uint8Array, log: Logger): CommandMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    log.warn('command is not JSON');
    return undefined;
  }
  const result = commandMessage.safeParse(value);
  if (!result.success) log.warn('command not understood', { faults: faultsOf(result.error).join('; ') });
  return result.data;
}

function remember(done: Set<string>, id: string): void {
  done.add(id);
  const [oldest] = done;
  if (done.size > rememberedIds && oldest !== undefined) done.delete(oldest);
}
