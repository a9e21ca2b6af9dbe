/** Runs a system tool and turns its failure into an error that names it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GatehouseError, systemCode } from '../core/errors.js';

const execute = promisify(execFile);

/**
 * Standard output of the tool. Exit statuses in `tolerated` count as success.
 * @throws TOOL_MISSING, TOOL_FAILED.
 */
export async function runTool(argv: readonly string[], tolerated: readonly number[] = []): Promise<string> {
  const [tool = '', ...args] = argv;
  try {
    return (await execute(tool, args, { timeout: 60_000 })).stdout;
  } catch (error) {
    const failure = error as { code?: number | string; stderr?: string; stdout?: string };
    if (typeof failure.code === 'number' && tolerated.includes(failure.code)) return failure.stdout ?? '';
    if (systemCode(error) === 'ENOENT') {
      throw new GatehouseError('TOOL_MISSING', `This machine has no "${tool}".`, { cause: error });
    }
    const said = failure.stderr?.trim().split('\n').at(-1);
    throw new GatehouseError('TOOL_FAILED', `"${argv.join(' ')}" failed${said ? `: ${said}` : ''}.`, {
      cause: error,
    });
  }
}
