/** Errors of jobs as the API raises them; devices get `rejected` answers instead. */
import { GatehouseError } from '../../core/errors.js';
import { placeholderOf } from '../../core/wire/s3-placeholder.js';

/** There is no job of that name: list them. */
export const jobUnknown = (id: string) =>
  new GatehouseError('JOB_UNKNOWN', `There is no job "${id}".`, { hint: 'List them: gatehouse job list' });

/** Names of jobs are used once: choose another. */
export const jobExists = (id: string) =>
  new GatehouseError('JOB_EXISTS', `There is a job "${id}" already.`, { hint: 'Choose another name.' });

/** The job has ended: nothing is left to cancel. */
export const jobEnded = (id: string) => new GatehouseError('JOB_ENDED', `Job "${id}" has ended already.`);

/** The document holds a placeholder of AWS IoT that cannot be filled in: correct it. */
export const documentInvalid = (path: string, text: string, fault: string) =>
  new GatehouseError(
    'JOB_DOCUMENT_INVALID',
    `The placeholder at "${path}" of the document cannot be filled in: ${fault} (${text.slice(0, 200)}).`,
    { hint: `Write ${placeholderOf({ bucket: 'BUCKET', key: 'KEY', region: 'REGION' })}.` },
  );

/** A target is no thing, or there is none at all, or the document is too large: see the message. */
export const jobInvalid = (fault: string) =>
  new GatehouseError('JOB_INVALID', `The job cannot be made: ${fault}.`, {
    hint: 'List devices: gatehouse device list',
  });
