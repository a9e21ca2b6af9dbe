/**
 * The clients of AWS, each loaded when it is first used: a machine that never calls AWS pays neither
 * memory nor time for them. One client per service and region. Keys come from the chain of the AWS
 * tools: environment, profile, single sign-on, web identity, instance role.
 */
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SNSClient } from '@aws-sdk/client-sns';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Closeable } from '../../core/lifecycle.js';
import { withoutNodeWarning } from '../../core/sdk-warning.js';
import type { AwsConfig } from './aws-config.js';

type Service = 'lambda' | 'sns' | 'sqs';

export class AwsClients implements Closeable {
  readonly #config: AwsConfig;
  readonly #opened = new Map<string, Promise<{ destroy(): void }>>();

  constructor(config: AwsConfig) {
    this.#config = config;
  }

  /** @param region where the resource is; undefined for the configured one. */
  lambda(region: string | undefined): Promise<LambdaClient> {
    return this.#client('lambda', region, async (settings) => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      // A call that is repeated below us would run the function again without anybody being told.
      return withoutNodeWarning(() => new LambdaClient({ ...settings, maxAttempts: 1 }));
    });
  }

  sns(region: string | undefined): Promise<SNSClient> {
    return this.#client('sns', region, async (settings) => {
      const { SNSClient } = await import('@aws-sdk/client-sns');
      return withoutNodeWarning(() => new SNSClient(settings));
    });
  }

  sqs(region: string | undefined): Promise<SQSClient> {
    return this.#client('sqs', region, async (settings) => {
      const { SQSClient } = await import('@aws-sdk/client-sqs');
      // The address in a queue's URL is not the one to call when a server of ours stands in its place.
      const useQueueUrlAsEndpoint = settings.endpoint === undefined;
      return withoutNodeWarning(() => new SQSClient({ ...settings, useQueueUrlAsEndpoint }));
    });
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#opened.values());
    this.#opened.clear();
    for (const one of opened) if (one.status === 'fulfilled') one.value.destroy();
  }

  #client<C extends { destroy(): void }>(
    service: Service,
    region: string | undefined,
    open: (settings: ClientSettings) => Promise<C>,
  ): Promise<C> {
    const key = `${service} ${region ?? ''}`;
    const known = this.#opened.get(key);
    // The key names the service, so that what lies under it was opened by the same function.
    if (known !== undefined) return known as Promise<C>;
    const opening = open(this.#settings(service, region));
    this.#opened.set(key, opening);
    return opening;
  }

  #settings(service: Service, region: string | undefined): ClientSettings {
    const config = this.#config;
    const endpoint = config[`${service}Endpoint`] ?? config.endpoint;
    const chosen = region ?? config.region;
    return {
      ...(endpoint !== undefined && { endpoint }),
      ...(chosen !== undefined && { region: chosen }),
      ...(config.profile !== undefined && { profile: config.profile }),
    };
  }
}

interface ClientSettings {
  readonly endpoint?: string;
  readonly region?: string;
  readonly profile?: string;
}
