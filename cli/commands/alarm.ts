/** `gatehouse alarm`: rules that tell when a device goes silent, nears its end, or an action fails. */
import { type Command, Option } from 'commander';
import { GatehouseError } from '../../core/errors.js';
import type { AlarmChange, AlarmRuleView, AlarmView } from '../../core/wire/alarms.js';
import { ApiClient, findTarget } from '../api-client.js';
import { createContext } from '../context.js';
import { append, count, decimal, spanMs } from '../option-values.js';
import { formatTable } from '../terminal.js';

export function addAlarm(program: Command): void {
  const alarm = program
    .command('alarm')
    .description('alarms of a running backend: what to watch, who is told, what is the matter')
    .addOption(new Option('--url <url>', 'backend to talk to (default: the one in the data directory)'))
    .addOption(new Option('--token-file <file>', 'file with its API token'));
  addCreate(alarm);
  addList(alarm);
  addShow(alarm);
  addAck(alarm);
  addSnooze(alarm);
  addDelete(alarm);
  addHistory(alarm);
}

async function connect(command: Command) {
  const context = createContext(command);
  return { ...context, api: new ApiClient(await findTarget(command, context.env)) };
}

interface CreateOptions {
  readonly thing?: string;
  readonly type?: string;
  readonly silentFor?: number;
  readonly offlineFor?: number;
  readonly lifeBelow?: number;
  readonly batteryBelow?: number;
  readonly above?: number;
  readonly below?: number;
  readonly series?: string;
  readonly for?: number;
  readonly failing?: string;
  readonly failures?: number;
  readonly within?: number;
  readonly action?: readonly string[];
  readonly clearAt?: number;
  readonly margin?: number;
  readonly clearAfter?: number;
}

function addCreate(alarm: Command): void {
  alarm
    .command('create')
    .description('make a rule; say with one option what to watch for')
    .argument('<name>', 'name of the rule')
    .addOption(new Option('--thing <thing>', 'the device to watch').conflicts('type'))
    .addOption(new Option('--type <type>', 'all devices of that type (default: all devices)'))
    .addOption(
      new Option('--silent-for <time>', 'nothing comes from it, such as 90s, 10m, 2h').argParser(spanMs),
    )
    .addOption(new Option('--offline-for <time>', 'it is not connected').argParser(spanMs))
    .addOption(new Option('--life-below <percent>', 'its remaining life').argParser(decimal))
    .addOption(new Option('--battery-below <value>', 'a reading of its battery').argParser(decimal))
    .addOption(new Option('--above <value>', 'a reading of --series').argParser(decimal))
    .addOption(new Option('--below <value>', 'a reading of --series').argParser(decimal))
    .addOption(new Option('--failing <function>', 'runs of an action fail'))
    .addOption(new Option('--series <name>', 'which readings, such as room.temperature'))
    .addOption(new Option('--for <time>', 'out of range for so long before it is an alarm').argParser(spanMs))
    .addOption(new Option('--failures <n>', 'so many failed runs (default: 3)').argParser(count))
    .addOption(new Option('--within <time>', 'in that time instead of in a row').argParser(spanMs))
    .addOption(new Option('--action <name>', 'function that is told; may be repeated').argParser(append))
    .addOption(
      new Option('--clear-at <value>', 'clear when life or battery is there again').argParser(decimal),
    )
    .addOption(new Option('--margin <value>', 'clear when so far inside of the range').argParser(decimal))
    .addOption(new Option('--clear-after <time>', 'clear when good for so long').argParser(spanMs))
    .addHelpText(
      'after',
      `
Examples:
  gatehouse alarm create "porch is silent" --thing porch --silent-for 2h --action send-mail
  gatehouse alarm create "buttons wear out" --type button --life-below 10 --action send-mail
  gatehouse alarm create "freezer" --thing cellar --series freezer.temperature --above -15 --for 10m
  gatehouse alarm create "mail fails" --failing send-mail --failures 3 --action call-webhook`,
    )
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { api, terminal } = await connect(command);
      const rule = await api.post<AlarmRuleView>('/alarms/rules', {
        name,
        ...given({ thing: options.thing, type: options.type, clearAfterMs: options.clearAfter }),
        when: conditionOf(options),
        ...given({ actions: options.action }),
      });
      if (terminal.json) return terminal.printJson(rule);
      terminal.print(`Created the rule "${rule.name}".`);
      if (rule.actions.length === 0) terminal.note('It tells nobody: name a function with --action.');
      return undefined;
    });
}

function conditionOf(options: CreateOptions): object {
  const { series, clearAt } = options;
  const range = options.above !== undefined || options.below !== undefined;
  const found = [
    options.silentFor !== undefined && { kind: 'silent', forMs: options.silentFor, ...given({ series }) },
    options.offlineFor !== undefined && { kind: 'offline', forMs: options.offlineFor },
    options.lifeBelow !== undefined && { kind: 'life', below: options.lifeBelow, ...given({ clearAt }) },
    options.batteryBelow !== undefined && {
      kind: 'battery',
      below: options.batteryBelow,
      ...given({ clearAt, series }),
    },
    range && {
      kind: 'range',
      ...given({
        series,
        min: options.below,
        max: options.above,
        forMs: options.for,
        margin: options.margin,
      }),
    },
    options.failing !== undefined && {
      kind: 'failing',
      function: options.failing,
      ...given({ failures: options.failures, withinMs: options.within }),
    },
  ].filter((condition) => condition !== false);
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new GatehouseError('USAGE', 'Say with one option what to watch for.', {
    hint: 'One of --silent-for, --offline-for, --life-below, --battery-below, --above/--below, --failing.',
  });
}

/** Without the members that were not given. */
function given(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function addList(alarm: Command): void {
  alarm
    .command('list')
    .description('what is the matter now, then the rules')
    .addOption(new Option('--all', 'also the alarms that are OK'))
    .action(async (options: { all?: boolean }, command: Command) => {
      const { api, terminal } = await connect(command);
      const all = await api.get<AlarmView[]>('/alarms');
      const alarms = options.all ? all : all.filter(({ state }) => state !== 'OK');
      const rules = await api.get<AlarmRuleView[]>('/alarms/rules');
      if (terminal.json) return terminal.printJson({ alarms, rules });
      if (rules.length === 0) {
        return terminal.note('No alarm rules yet. Make one: gatehouse alarm create --help');
      }
      for (const one of alarms) printAlarm(terminal, one);
      if (alarms.length === 0) terminal.print('Nothing is the matter.');
      const rows = rules.map((rule) => [
        rule.name,
        rule.when.kind,
        rule.thing ?? rule.type ?? (rule.when.kind === 'failing' ? rule.when.function : 'all'),
        `${rule.alarms.ok} / ${rule.alarms.pending} / ${rule.alarms.alarm}`,
        rule.actions.join(', ') || '-',
      ]);
      const head = ['RULE', 'KIND', 'WATCHES', 'OK / PENDING / ALARM', 'TELLS'];
      for (const line of formatTable([head, ...rows])) terminal.print(line);
      return undefined;
    });
}

function printAlarm(terminal: ReturnType<typeof createContext>['terminal'], alarm: AlarmView): void {
  const colour = { ALARM: 'red', PENDING: 'yellow', OK: 'green' } as const;
  const marks = [
    alarm.acknowledgedAt === null ? '' : ', acknowledged',
    alarm.snoozedUntil === null ? '' : `, quiet until ${alarm.snoozedUntil}`,
  ].join('');
  terminal.print(`${terminal.style(colour[alarm.state], alarm.state.padEnd(7))}  ${alarm.reason}`);
  terminal.print(`         rule "${alarm.rule}", since ${alarm.since}${marks}`);
  if (alarm.advice !== '') terminal.print(`         ${alarm.advice}`);
}

function addShow(alarm: Command): void {
  alarm
    .command('show')
    .description('a rule, its alarms and their last changes')
    .argument('<name>', 'name of the rule')
    .action(async (name: string, _options, command: Command) => {
      const { api, terminal } = await connect(command);
      const path = encodeURIComponent(name);
      const shown = await api.get<{ rule: AlarmRuleView; alarms: AlarmView[] }>(`/alarms/rules/${path}`);
      if (terminal.json) return terminal.printJson(shown);
      terminal.print(`${shown.rule.name}: ${JSON.stringify(shown.rule.when)}`);
      for (const one of shown.alarms) printAlarm(terminal, one);
      return undefined;
    });
}

function addAck(alarm: Command): void {
  alarm
    .command('ack')
    .description('say that you know of an alarm')
    .argument('<rule>', 'name of the rule')
    .argument('<subject>', 'the device or action')
    .action(async (rule: string, subject: string, _options, command: Command) => {
      const { api, terminal } = await connect(command);
      const alarmNow = await api.post<AlarmView>('/alarms/ack', { rule, subject });
      if (terminal.json) return terminal.printJson(alarmNow);
      terminal.print(`Acknowledged: ${alarmNow.reason}`);
      return undefined;
    });
}

function addSnooze(alarm: Command): void {
  alarm
    .command('snooze')
    .description('be told nothing of an alarm for a while, but that it is over')
    .argument('<rule>', 'name of the rule')
    .argument('<subject>', 'the device or action')
    .addOption(new Option('--for <time>', 'for how long').argParser(spanMs).default(3_600_000, '1h'))
    .action(async (rule: string, subject: string, options: { for: number }, command: Command) => {
      const { api, terminal } = await connect(command);
      const alarmNow = await api.post<AlarmView>('/alarms/snooze', { rule, subject, forMs: options.for });
      if (terminal.json) return terminal.printJson(alarmNow);
      terminal.print(`Quiet until ${alarmNow.snoozedUntil}.`);
      return undefined;
    });
}

function addDelete(alarm: Command): void {
  alarm
    .command('delete')
    .description('delete a rule with its alarms; their history stays')
    .argument('<name>', 'name of the rule')
    .action(async (name: string, _options, command: Command) => {
      const { api, terminal } = await connect(command);
      const answer = await api.delete(`/alarms/rules/${encodeURIComponent(name)}`);
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(`Deleted the rule "${name}".`);
      return undefined;
    });
}

function addHistory(alarm: Command): void {
  alarm
    .command('history')
    .description('what changed and when, newest first')
    .addOption(new Option('--rule <name>', 'of one rule'))
    .addOption(new Option('--subject <name>', 'of one device or action'))
    .addOption(new Option('--limit <n>', 'how many').argParser(count).default(50))
    .action(async (options: { rule?: string; subject?: string; limit: number }, command: Command) => {
      const { api, terminal } = await connect(command);
      const query = new URLSearchParams({ limit: String(options.limit) });
      if (options.rule !== undefined) query.set('rule', options.rule);
      if (options.subject !== undefined) query.set('subject', options.subject);
      const changes = await api.get<AlarmChange[]>(`/alarms/history?${query}`);
      if (terminal.json) return terminal.printJson(changes);
      const rows = changes.map((one) => [
        one.at,
        one.rule,
        one.subject,
        `${one.from} > ${one.to}`,
        one.reason,
      ]);
      for (const line of formatTable([['AT', 'RULE', 'SUBJECT', 'CHANGE', 'WHY'], ...rows]))
        terminal.print(line);
      return undefined;
    });
}
