/** Errors of provisioning templates as the API raises them; devices get `rejected` answers instead. */
import { GatehouseError } from '../../core/errors.js';

/** There is no such template: list them. */
export const templateUnknown = (name: string) =>
  new GatehouseError('TEMPLATE_UNKNOWN', `There is no provisioning template "${name}".`, {
    hint: 'List them: gatehouse provisioning-template list',
  });

/** Devices in the field use the one of that name: choose another. */
export const templateExists = (name: string) =>
  new GatehouseError('TEMPLATE_EXISTS', `There is a provisioning template "${name}" already.`, {
    hint: 'Choose another name.',
  });
