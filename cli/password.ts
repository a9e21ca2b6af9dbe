/** Where a repository's password comes from: a file, the environment, or a person at the terminal. */
import { readFile } from 'node:fs/promises';
import { GatehouseError, interrupted, messageOf } from '../core/errors.js';
import { Secret } from '../core/secret.js';
import { usageError } from './exit-code.js';

export interface PasswordSources {
  readonly passwordFile?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** @throws PASSWORD_FILE, USAGE when there is none and nobody to ask, INTERRUPTED. */
export async function findPassword(sources: PasswordSources, confirm: boolean): Promise<Secret> {
  const { env } = sources;
  const filePath = sources.passwordFile ?? env['GATEHOUSE_PASSWORD_FILE'] ?? env['RESTIC_PASSWORD_FILE'];
  if (sources.passwordFile === undefined) {
    const given = env['GATEHOUSE_PASSWORD'] ?? env['RESTIC_PASSWORD'];
    if (given !== undefined) return notEmpty(given);
  }
  if (filePath !== undefined) return notEmpty(await readPasswordFile(filePath));
  if (!sources.input.isTTY) {
    throw usageError(
      'No password for the repository.',
      'Give --password-file FILE, or set GATEHOUSE_PASSWORD or GATEHOUSE_PASSWORD_FILE.',
    );
  }
  return askTwice(sources, 'Repository password: ', confirm);
}

/** For another key: from a file, or asked for twice. @throws PASSWORD_FILE, USAGE, INTERRUPTED. */
export async function findNewPassword(sources: Omit<PasswordSources, 'env'>): Promise<Secret> {
  if (sources.passwordFile !== undefined) return notEmpty(await readPasswordFile(sources.passwordFile));
  if (!sources.input.isTTY) {
    throw usageError('No new password.', 'Give --new-password-file FILE.');
  }
  return askTwice({ ...sources, env: {} }, 'New password: ', true);
}

async function askTwice(sources: PasswordSources, question: string, confirm: boolean): Promise<Secret> {
  const first = await ask(sources, question);
  if (confirm && (await ask(sources, 'The same again: ')) !== first) {
    throw usageError('The two passwords differ.', 'Run the command again.');
  }
  return notEmpty(first);
}

async function readPasswordFile(filePath: string): Promise<string> {
  try {
    // As restic: one line ending at the end of the file is not part of the password.
    return (await readFile(filePath, 'utf8')).replace(/\r?\n$/, '');
  } catch (error) {
    throw new GatehouseError(
      'PASSWORD_FILE',
      `Cannot read the password file ${filePath}: ${messageOf(error)}.`,
      {
        cause: error,
        hint: 'Check the path and that this user may read it.',
      },
    );
  }
}

function notEmpty(password: string): Secret {
  if (password === '')
    throw usageError('The repository password is empty.', 'Choose one with at least one character.');
  return new Secret(password);
}

const backspace = new Set(['\u007f', '\b']);
const enter = new Set(['\r', '\n']);

/** Reads one line without showing it. */
function ask({ input, output }: PasswordSources, question: string): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  input.resume();
  return new Promise<string>((resolve, reject) => {
    let typed = '';
    const press = (key: string) => {
      if (enter.has(key)) resolve(typed);
      else if (key === '\u0003') reject(interrupted());
      else typed = backspace.has(key) ? typed.slice(0, -1) : typed + key;
    };
    input.on('data', (data: Buffer) => {
      for (const key of data.toString('utf8')) press(key);
    });
  }).finally(() => {
    input.removeAllListeners('data');
    input.setRawMode(false);
    input.pause();
    output.write('\n');
  });
}
