/** What can go wrong in the server for restic's REST protocol. */
import { GatehouseError, messageOf } from '../../core/errors.js';

/** The address of a request names nothing of the protocol. The client has a wrong repository address. */
export function pathUnknown(path: string): GatehouseError {
  return new GatehouseError('REST_PATH_UNKNOWN', `${path} is no address of a repository or its files.`, {
    context: { path },
    hint: 'Use -r rest:https://USER:PASSWORD@HOST:8000/USER/NAME with letters, digits, ".", "-" and "_".',
  });
}

/** The file of users cannot be read as such. The user restores it or makes the users again. */
export function usersUnreadable(filePath: string, cause: unknown): GatehouseError {
  return new GatehouseError(
    'USERS_UNREADABLE',
    `Cannot read the users in ${filePath}: ${messageOf(cause)}.`,
    {
      context: { filePath },
      cause,
      hint: 'Restore the file from a backup, or remove it and add the users again.',
    },
  );
}

/** A user's name has characters that cannot be part of an address. The user chooses another. */
export function userNameInvalid(name: string): GatehouseError {
  return new GatehouseError('USER_NAME_INVALID', `"${name}" cannot be a user's name.`, {
    context: { name },
    hint: 'Use 1 to 64 letters, digits, ".", "-" and "_", beginning with a letter or a digit.',
  });
}

/** No user has that name. The user looks at the list. */
export function userUnknown(name: string): GatehouseError {
  return new GatehouseError('USER_UNKNOWN', `There is no user "${name}".`, {
    context: { name },
    hint: 'See "gatehouse serve user list".',
  });
}

/** A password is too short to be one. The user chooses a longer one. */
export function passwordTooShort(leastCharacters: number): GatehouseError {
  return new GatehouseError('PASSWORD_TOO_SHORT', `The password has under ${leastCharacters} characters.`, {
    hint: 'Choose a longer one; programs keep it, nobody has to type it.',
  });
}

/** The server would send passwords in the clear over the network. The user switches TLS on. */
export function plainNotLoopback(host: string): GatehouseError {
  return new GatehouseError(
    'REST_PLAIN',
    `Without TLS the server listens on loopback only, not on ${host}.`,
    {
      context: { host },
      hint: 'Leave --no-tls out, or listen on 127.0.0.1 behind a proxy that does TLS.',
    },
  );
}

/** The address cannot be listened on. The user chooses another port or stops what holds it. */
export function restListenFailed(host: string, port: number, cause: unknown): GatehouseError {
  return new GatehouseError('REST_LISTEN', `Cannot listen on ${host}:${port}: ${messageOf(cause)}.`, {
    context: { host, port },
    cause,
    hint: 'Choose another --listen address, or stop the program that uses it.',
  });
}

/** A repository lost files again and again while it was copied. The user tries when no prune runs. */
export function mirrorMoved(location: string): GatehouseError {
  return new GatehouseError('MIRROR_MOVED', `${location} kept changing while it was copied.`, {
    retryable: true,
    context: { location },
    hint: 'Run it again when no prune is under way.',
  });
}

/** A stored file does not have the hash that its name promises. The user checks the repository. */
export function mirrorDamaged(location: string, key: string): GatehouseError {
  return new GatehouseError('MIRROR_DAMAGED', `${key} in ${location} is damaged: its hash is not its name.`, {
    context: { location, key },
    hint: 'Run "gatehouse check --read-data" on that repository and repair it; nothing damaged was copied.',
  });
}
