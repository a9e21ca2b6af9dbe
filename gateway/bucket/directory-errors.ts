/** Translates what the file system says into bucket errors. */
import { type GatehouseError, messageOf, systemCode } from '../../core/errors.js';
import { bucketDenied, bucketFailed, bucketFull, bucketUnknown, bucketUnreachable } from './errors.js';

export function directoryFault(cause: unknown, location: string): GatehouseError {
  const reason = systemCode(cause);
  const fault = { location, cause, ...(reason === undefined ? {} : { reason }) };
  switch (reason) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return bucketDenied(fault, 'Give this user the right to read and write that folder.');
    case 'ENOSPC':
    case 'EDQUOT':
      return bucketFull(fault);
    case 'ENOENT':
      return bucketUnknown(fault);
    case 'ESTALE':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'ENOTCONN':
      return bucketUnreachable(fault);
    default:
      return bucketFailed(fault, messageOf(cause), {
        hint: 'Check the disk and the file system below that folder ("dmesg" tells more).',
      });
  }
}
