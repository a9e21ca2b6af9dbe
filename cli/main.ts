/** The `gatehouse` command line: wiring only. Each command lives in a file of its own under `commands/`. */
import { type Command, CommanderError } from 'commander';
import { systemClock } from '../core/clock.js';
import { keepHeapSmall } from '../core/heap.js';
import { createContext } from './context.js';
import { exitCodeOf, exitCodes, reportError } from './exit-code.js';
import { buildProgram } from './program.js';
import { quietWarnings } from './warnings.js';

/** They run for months beside other programs; V8 is left to find its own measure there. */
const programs = new Set(['up', 'cloud', 'agent', 'gateway', 'serve', 'mirror', 'device']);

/** Runs one command and sets the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  if (!argv.some((word) => programs.has(word))) keepHeapSmall(systemClock);
  quietWarnings();
  process.stdout.on('error', ignoreClosedPipe);
  const program = await buildProgram(argv.slice(2));
  try {
    // Its short options are the original's, -h for the host among them.
    if (argv[2] === 's3dump') return await s3dump(program, argv.slice(3));
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
      return;
    }
    const context = createContext(program);
    process.exitCode = context.signal.aborted ? exitCodes.interrupted : exitCodeOf(error);
    reportError(context.terminal, error, Boolean(process.env['GATEHOUSE_DEBUG']));
  }
}

async function s3dump(program: Command, args: readonly string[]): Promise<void> {
  const { parseS3dump, s3dumpHelp } = await import('./s3dump/arguments.js');
  const parsed = parseS3dump(args);
  if (parsed.flags.help === true) {
    process.stdout.write(s3dumpHelp);
    return;
  }
  program.setOptionValue('json', parsed.flags.json ?? false);
  program.setOptionValue('quiet', parsed.flags.quiet ?? false);
  const { runS3dump } = await import('./s3dump/run.js');
  await runS3dump(createContext(program), parsed);
}

/** `gatehouse snapshots | head` must not end in a stack trace. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
