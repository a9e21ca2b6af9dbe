/** What can go wrong with local files. System errors become one of these where a path is known. */
import { GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import { displayPath } from './path-bytes.js';

/** A system call on a local file failed. The user looks at the path, its permissions and its disk. */
export function fileFailed(path: Buffer, doing: string, cause: unknown): GatehouseError {
  const shown = displayPath(path);
  const reason = systemCode(cause) ?? messageOf(cause);
  return new GatehouseError('FILE_FAILED', `${shown}: cannot ${doing} (${reason}).`, {
    cause,
    context: { path: shown, reason },
    hint: 'Check that the file still exists, that this user may access it, and that its disk is healthy.',
  });
}

/** A path given for a backup does not exist or cannot be read. The user mends the path. */
export function targetUnreadable(path: Buffer, reason: string): GatehouseError {
  const shown = displayPath(path);
  return new GatehouseError('TARGET_UNREADABLE', `${shown} cannot be read (${reason}).`, {
    context: { path: shown },
    hint: 'Check the spelling of the path and that this user may read it.',
  });
}

/** A line of an exclude file or an --exclude, --include option is no pattern. The user mends it. */
export function patternMalformed(pattern: string, problem: string): GatehouseError {
  return new GatehouseError('PATTERN_MALFORMED', `"${pattern}" is not a pattern: ${problem}.`, {
    context: { pattern },
    hint: 'Close every [ with a ] and put a character after every backslash.',
  });
}

/** A file given to --files-from-raw is no list of paths ended by NUL bytes. The user makes it anew. */
export function pathListMalformed(problem: string): GatehouseError {
  return new GatehouseError('PATH_LIST_MALFORMED', `The list of paths is malformed: ${problem}.`, {
    hint: 'Make it with "find ... -print0", or use --files-from for one path a line.',
  });
}

/** The command whose output was to be backed up failed; no snapshot was made. The user mends the command. */
export function commandFailed(program: string, problem: string): GatehouseError {
  return new GatehouseError('COMMAND_FAILED', `The command ${program} failed: ${problem}.`, {
    context: { program },
    hint: 'No snapshot was made. Run the command by hand to see what is wrong with it.',
  });
}
