/** Errors of the cloud's own database code; those of the drivers are raised behind the port. */
import { GatehouseError } from '../../core/errors.js';

/** Something was to be stored while the cloud was stopping; the sender keeps it and sends again. */
export function databaseClosing(): GatehouseError {
  return new GatehouseError('DATABASE_CLOSED', 'The cloud is stopping and stores nothing more.', {
    retryable: true,
  });
}
