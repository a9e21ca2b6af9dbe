/** Errors of artifacts in buckets. */
import { GatehouseError } from '../../core/errors.js';

/** The backend hands out only what is in the buckets of its configuration: add it there, or take another. */
export const bucketNotListed = (where: string) =>
  new GatehouseError('BUCKET_NOT_LISTED', `${where} is in none of the buckets for artifacts.`, {
    hint: 'Add its bucket to "artifacts.buckets" in the configuration of the backend, or take one that is there.',
  });

/** The artifact of a release is to be uploaded before the release is published. */
export const objectMissing = (where: string) =>
  new GatehouseError('ARTIFACT_MISSING', `There is no whole artifact ${where}.`, {
    hint: 'Publish it again: gatehouse release publish FILE --bucket s3://bucket/prefix',
  });
