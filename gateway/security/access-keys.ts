/** Access keys of a user at IAM, or at a server that answers the same calls. */
import { Secret } from '../../core/secret.js';
import type { AccessKeys } from './credential-files.js';
import { iamFailed } from './errors.js';

export interface IamOptions {
  readonly user: string;
  /** Else AWS's own. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly profile?: string | undefined;
  readonly signal: AbortSignal;
}

type Iam = typeof import('@aws-sdk/client-iam');

/** Asks with the keys of the AWS chain, which are not those that are rotated. */
export class UserAccessKeys {
  readonly user: string;
  readonly #sdk: Iam;
  readonly #client: import('@aws-sdk/client-iam').IAMClient;
  readonly #signal: AbortSignal;

  private constructor(sdk: Iam, client: import('@aws-sdk/client-iam').IAMClient, options: IamOptions) {
    this.user = options.user;
    this.#sdk = sdk;
    this.#client = client;
    this.#signal = options.signal;
  }

  static async open(options: IamOptions): Promise<UserAccessKeys> {
    const sdk = await import('@aws-sdk/client-iam');
    const { endpoint, region = 'us-east-1', profile } = options;
    const client = new sdk.IAMClient({
      region,
      // A call that is repeated after a lost answer would make a second key.
      maxAttempts: 1,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(profile === undefined ? {} : { profile }),
    });
    return new UserAccessKeys(sdk, client, options);
  }

  close(): void {
    this.#client.destroy();
  }

  async list(): Promise<string[]> {
    const command = new this.#sdk.ListAccessKeysCommand({ UserName: this.user });
    const { AccessKeyMetadata = [] } = await this.#call('list access keys', () =>
      this.#client.send(command, { abortSignal: this.#signal }),
    );
    return AccessKeyMetadata.flatMap(({ AccessKeyId }) => AccessKeyId ?? []);
  }

  async create(): Promise<AccessKeys> {
    const command = new this.#sdk.CreateAccessKeyCommand({ UserName: this.user });
    const { AccessKey } = await this.#call('create an access key', () =>
      this.#client.send(command, { abortSignal: this.#signal }),
    );
    const { AccessKeyId, SecretAccessKey } = AccessKey ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined)
      throw iamFailed('create an access key', this.user, new Error('an answer without a key'));
    return { accessKeyId: AccessKeyId, secretAccessKey: new Secret(SecretAccessKey) };
  }

  /** Deactivated first, as AWS advises. One that is gone already is no error. */
  async remove(accessKeyId: string): Promise<void> {
    const key = { UserName: this.user, AccessKeyId: accessKeyId };
    const { UpdateAccessKeyCommand, DeleteAccessKeyCommand } = this.#sdk;
    const how = { abortSignal: this.#signal };
    await this.#call('deactivate the old access key', async () => {
      try {
        await this.#client.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }), how);
        await this.#client.send(new DeleteAccessKeyCommand(key), how);
      } catch (error) {
        const name = error instanceof Error ? error.name : '';
        if (name !== 'NoSuchEntityException' && name !== 'NoSuchEntity') throw error;
      }
    });
  }

  async #call<T>(call: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw iamFailed(call, this.user, error);
    }
  }
}
