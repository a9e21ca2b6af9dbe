/** The `gatehouse` command line: wiring only. Each command lives in a file of its own under `commands/`. */
import { CommanderError } from 'commander';
import { createContext } from './context.js';
import { exitCodeOf, exitCodes, reportError } from './exit-code.js';
import { buildProgram } from './program.js';
import { quietWarnings } from './warnings.js';

/** Runs one command and sets the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  quietWarnings();
  process.stdout.on('error', ignoreClosedPipe);
  const program = buildProgram();
  try {
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

/** `gatehouse snapshots | head` must not end in a stack trace. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}
