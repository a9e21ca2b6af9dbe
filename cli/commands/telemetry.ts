/** `gatehouse telemetry`: series of a running backend, their export, and what they take of the disk. */
import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import type { SeriesView, TelemetryUsage } from '../../core/wire/api.js';
import { ApiClient, findTarget } from '../api-client.js';
import { createContext } from '../context.js';
import { instant, keyValue, sizeBytes, spanMs } from '../option-values.js';
import { formatBytes, formatTable } from '../terminal.js';

export function addTelemetry(program: Command): void {
  const telemetry = program
    .command('telemetry')
    .description('readings of a running backend: list, label, export, usage, prune')
    .addOption(new Option('--url <url>', 'backend to talk to (default: the one in the data directory)'))
    .addOption(new Option('--token-file <file>', 'file with its API token'));
  addList(telemetry);
  addLabel(telemetry);
  addExport(telemetry);
  addUsage(telemetry);
  addPrune(telemetry);
}

async function connect(command: Command) {
  const context = createContext(command);
  return { ...context, api: new ApiClient(await findTarget(command, context.env)) };
}

function addList(telemetry: Command): void {
  telemetry
    .command('list')
    .description('every series with its unit, labels and newest reading')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connect(command);
      const series = await api.get<SeriesView[]>('/series');
      if (terminal.json) return terminal.printJson(series);
      const rows = series.map((one) => [
        one.thing,
        one.series,
        one.last === null ? '-' : `${one.last.value} ${one.unit}`,
        one.last?.time ?? '-',
        Object.entries(one.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(' ') || '-',
      ]);
      const head = ['DEVICE', 'SERIES', 'LAST', 'AT', 'LABELS'];
      for (const line of formatTable([head, ...rows])) terminal.print(line);
      return undefined;
    });
}

function addLabel(telemetry: Command): void {
  telemetry
    .command('label')
    .description('say what a series is about, such as room=kitchen; takes the place of its labels before')
    .argument('<thing>', 'the device')
    .argument('<series>', 'the series')
    .argument('[labels...]', 'KEY=VALUE; none takes all labels away')
    .action(async (thing: string, series: string, pairs: string[], _options, command: Command) => {
      const { api, terminal } = await connect(command);
      const labels = Object.fromEntries(pairs.map(keyValue));
      const answer = await api.put('/series/labels', { thing, series, labels });
      if (terminal.json) return terminal.printJson(answer);
      terminal.print(`Labelled ${series} of ${thing}.`);
      return undefined;
    });
}

interface ExportOptions {
  readonly thing?: string;
  readonly series?: string;
  readonly label?: string;
  readonly from?: number;
  readonly to?: number;
  readonly format: string;
  readonly resolution: string;
}

function addExport(telemetry: Command): void {
  telemetry
    .command('export')
    .description('write readings to standard output, oldest first within each series')
    .addOption(new Option('--thing <thing>', 'of one device (default: of all)'))
    .addOption(new Option('--series <series>', 'of one series'))
    .addOption(new Option('--label <key=value>', 'of series with that label'))
    .addOption(new Option('--from <time>', 'from that time').argParser(instant))
    .addOption(new Option('--to <time>', 'to before that time').argParser(instant))
    .addOption(new Option('--format <format>', 'how').choices(['csv', 'jsonl']).default('csv'))
    .addOption(
      new Option('--resolution <grain>', 'each reading, or mean, least and most')
        .choices(['raw', 'minute', 'hour'])
        .default('raw'),
    )
    .action(async (options: ExportOptions, command: Command) => {
      const { api, terminal } = await connect(command);
      const { from, to, ...rest } = options;
      const query = new URLSearchParams(rest as unknown as Record<string, string>);
      if (terminal.json) query.set('format', 'jsonl');
      if (from !== undefined) query.set('from', new Date(from).toISOString());
      if (to !== undefined) query.set('to', new Date(to).toISOString());
      for await (const chunk of api.download(`/telemetry/export?${query}`)) {
        if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
      }
    });
}

function addUsage(telemetry: Command): void {
  telemetry
    .command('usage')
    .description('what readings take of the disk, how far back they go, and which series are the largest')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connect(command);
      const usage = await api.get<TelemetryUsage>('/telemetry/usage');
      if (terminal.json) return terminal.printJson(usage);
      const limit = usage.maxBytes === null ? 'no limit' : `limit ${formatBytes(usage.maxBytes)}`;
      terminal.print(
        `The database takes ${formatBytes(usage.fileBytes)}, ${formatBytes(usage.usedBytes)} of it in use (${limit}).`,
      );
      for (const grain of ['raw', 'minute', 'hour'] as const) {
        const name = { raw: 'readings', minute: 'per minute', hour: 'per hour' }[grain];
        const since = usage.oldest[grain] ?? 'nothing yet';
        terminal.print(
          `  ${name.padEnd(11)} kept ${countOf(usage.keptDays[grain], 'day')}, oldest: ${since}`,
        );
      }
      const rows = usage.series.slice(0, 20).map((one) => [one.thing, one.series, String(one.readings)]);
      for (const line of formatTable([['DEVICE', 'SERIES', 'READINGS'], ...rows])) terminal.print(line);
      if (!usage.givesBack)
        terminal.note('This file is from an older release: what is deleted is used again, not handed back.');
      return undefined;
    });
}

interface PruneOptions {
  readonly olderThan?: number;
  readonly maxSize?: number;
  readonly dryRun?: boolean;
}

interface PruneAnswer {
  readonly deleted?: { readonly raw: number; readonly minute: number; readonly hour: number };
  readonly bytesFreed?: number;
  readonly readings?: number;
  readonly before?: string;
}

function addPrune(telemetry: Command): void {
  telemetry
    .command('prune')
    .description('delete old readings now, by the limits of the configuration or tighter ones')
    .addOption(new Option('--older-than <time>', 'readings older than that, such as 30d').argParser(spanMs))
    .addOption(new Option('--max-size <bytes>', 'until the database fits, such as 2G').argParser(sizeBytes))
    .addOption(new Option('-n, --dry-run', 'say about how many would go by their age; change nothing'))
    .action(async (options: PruneOptions, command: Command) => {
      const { api, terminal } = await connect(command);
      const answer = await api.post<PruneAnswer>(
        '/telemetry/prune',
        {
          ...(options.olderThan !== undefined && { olderThanMs: options.olderThan }),
          ...(options.maxSize !== undefined && { maxBytes: options.maxSize }),
          dryRun: options.dryRun ?? false,
        },
        600_000,
      );
      if (terminal.json) return terminal.printJson(answer);
      if (answer.deleted === undefined) {
        terminal.print(`About ${answer.readings} readings from before ${answer.before} would go.`);
        return undefined;
      }
      const { raw, minute, hour } = answer.deleted;
      terminal.print(
        `Deleted ${countOf(raw, 'reading')} and ${countOf(minute + hour, 'sum')}; the file is ${formatBytes(answer.bytesFreed ?? 0)} smaller.`,
      );
      return undefined;
    });
}
