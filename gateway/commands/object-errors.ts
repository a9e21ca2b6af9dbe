/** What can go wrong with `cp`, `ls` and `rm`. */
import { GatehouseError } from '../../core/errors.js';

/** The path names no object. The user looks what is there. */
export function nothingMatches(text: string): GatehouseError {
  return new GatehouseError('NOTHING_MATCHES', `Nothing is called ${text}.`, {
    context: { text },
    hint: 'List what is there with "gatehouse ls"; quote wildcards so that the shell leaves them alone.',
  });
}

/** A folder was named without `--recursive`. The user adds it. */
export function isFolderOnly(text: string): GatehouseError {
  return new GatehouseError('IS_FOLDER', `${text} is a folder.`, {
    context: { text },
    hint: 'Give --recursive for all that is in it.',
  });
}

/** Two objects would get one name. The user copies them apart. */
export function copyCollision(one: string, two: string, target: string): GatehouseError {
  return new GatehouseError('COPY_COLLISION', `${one} and ${two} would both become ${target}.`, {
    context: { one, two, target },
    hint: 'Copy them into different folders; "**" leaves out the folders below, --recursive keeps them.',
  });
}

/** Source and target are the same. The user names another one. */
export function copyIntoItself(text: string): GatehouseError {
  return new GatehouseError('COPY_INTO_ITSELF', `${text} cannot be copied to itself.`, {
    context: { text },
    hint: 'Name another target.',
  });
}
