/** What commands that look into snapshots do with a folder that cannot be read: say it, go on, fail at the end. */
import { messageOf } from '../core/errors.js';
import type { BrokenTreeHandler } from '../gateway/commands/tree-loader.js';
import type { Context } from './context.js';
import { exitCodes } from './exit-code.js';

/** On standard error also with `--json`: the results may be one JSON value as a whole. */
export function tellBrokenTrees(context: Context): BrokenTreeHandler {
  const { terminal } = context;
  return (path, error) => {
    terminal.note(`${terminal.style('red', 'error')}: ${path}: ${messageOf(error)}`);
    context.setExitCode(exitCodes.failed);
  };
}
