/** Makes a new repository. Fails when there is one already; never touches it then. */
import { Repository } from '../repository/repository.js';
import type { InitOptions } from '../repository/types.js';

/** restic's `init --json` message. */
export interface InitResult {
  readonly message_type: 'initialized';
  readonly id: string;
  /** Where it is, without credentials. */
  readonly repository: string;
}

/** @throws REPOSITORY_EXISTS and the bucket's errors. */
export async function init(options: InitOptions): Promise<InitResult> {
  const repository = await Repository.init(options);
  const { id } = repository;
  await repository.close();
  return { message_type: 'initialized', id, repository: options.bucket.location };
}
