/** `gatehouse check`: proves that a repository is whole. */
import { type Command, Option } from 'commander';
import { countOf } from '../../core/count.js';
import type { CheckEvent, CheckResult } from '../../gateway/commands/check.js';
import { createContext } from '../context.js';
import { exitCodes } from '../exit-code.js';
import { Pace } from '../pace.js';
import { openRepository, type RepositoryFlags, withReaderOptions } from '../repository-options.js';
import { progressBar, type Terminal } from '../terminal.js';
import { type ThawFlags, thawPacks, withThawOptions } from '../thaw.js';

interface CheckFlags extends RepositoryFlags, ThawFlags {
  readonly readData?: boolean;
  readonly readDataSubset?: string;
}

export function addCheck(program: Command): void {
  withThawOptions(withReaderOptions(program.command('check')))
    .description('prove that index, packs, snapshots and files are whole')
    .addOption(new Option('--read-data', 'read and prove every byte'))
    .addOption(new Option('--read-data-subset <part>', 'only a part: "1/10", or at random "5%" or "500M"'))
    .addHelpText(
      'after',
      '\nHints (packs left by an interrupted backup) are no errors; the exit code stays 0.',
    )
    .action(async (flags: CheckFlags, command: Command) => {
      const context = createContext(command);
      const { terminal } = context;
      const { check } = await import('../../gateway/commands/check.js');
      const { repository, bucket, lifetimes } = await openRepository(context, flags);
      const pace = new Pace(context.clock);
      try {
        const result = await check(
          repository,
          {
            readData: flags.readData ?? false,
            ...(flags.readDataSubset === undefined ? {} : { readDataSubset: flags.readDataSubset }),
            preparePacks: (packIds) => thawPacks(context, bucket, packIds, flags),
            noLock: flags.lock === false || flags.asOf !== undefined,
            signal: context.signal,
          },
          (event) => show(terminal, pace, event),
        );
        finish(terminal, result);
        if (!result.isSound) context.setExitCode(exitCodes.failed);
      } finally {
        terminal.endProgress();
        await lifetimes.close();
      }
    });
}

const stages = {
  index: 'Loading the index',
  packs: 'Comparing packs with the index',
  snapshots: 'Walking the snapshots',
  data: 'Reading the data',
};

function show(terminal: Terminal, pace: Pace, event: CheckEvent): void {
  if (event.type === 'stage') {
    if (!terminal.json) terminal.note(`${stages[event.stage]} ...`);
  } else if (event.type === 'progress') {
    const { done, total } = event;
    if (pace.due()) terminal.progress(`${progressBar(total > 0 ? done / total : 1)} ${done} of ${total}`);
  } else if (terminal.json) {
    terminal.printJson({ message_type: event.problem.severity, ...event.problem });
  } else {
    const { severity, message, code } = event.problem;
    terminal.note(
      `${terminal.style(severity === 'error' ? 'red' : 'yellow', severity)}: ${message} [${code}]`,
    );
  }
}

function finish(terminal: Terminal, { summary, isSound }: CheckResult): void {
  terminal.endProgress();
  if (terminal.json) {
    terminal.printJson(summary);
    return;
  }
  const read = summary.packs_read > 0 ? `, ${summary.packs_read} read whole` : '';
  terminal.print(`${countOf(summary.snapshots, 'snapshot')}, ${countOf(summary.packs, 'pack')}${read}.`);
  if (isSound) terminal.print(terminal.style('green', 'No errors were found.'));
  else
    terminal.print(
      terminal.style('red', `${countOf(summary.num_errors, 'error was', 'errors were')} found.`),
    );
  if (summary.suggest_repair_index) terminal.note('Mend the index with "gatehouse repair index".');
  if (summary.broken_packs.length > 0 && !isSound)
    terminal.note('Damaged packs: see "gatehouse repair --help" for the steps.');
}
