/** Errors of published releases and their artifacts. */
import { GatehouseError } from '../../core/errors.js';

/** What arrived is not what was announced: upload it again. */
export const artifactDamaged = (fault: string) =>
  new GatehouseError('ARTIFACT_DAMAGED', `The artifact did not arrive whole: ${fault}.`, {
    hint: 'Publish it again.',
  });

/** The artifact of a release is to be uploaded before the release is published. */
export const artifactMissing = (sha256: string) =>
  new GatehouseError('ARTIFACT_MISSING', `There is no artifact ${sha256.slice(0, 12)}… here.`, {
    hint: 'Upload it first, or publish the release with the URL where it is.',
  });

/** A published version never changes: give the new artifact a new version. */
export const releaseExists = (version: string) =>
  new GatehouseError('RELEASE_EXISTS', `Version ${version} was published with another artifact.`, {
    hint: 'Choose a new version.',
  });
