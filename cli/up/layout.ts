/** Where `gatehouse up` keeps things below its data directory. */
import { join } from 'node:path';

export interface Layout {
  readonly root: string;
  readonly configs: { readonly cloud: string; readonly agent: string; readonly gateway: string };
  readonly cloud: string;
  readonly agent: string;
  readonly gateway: string;
  readonly lambdas: string;
  readonly sampleFolder: string;
  readonly repository: string;
  readonly repositoryPassword: string;
  readonly claimToken: string;
  readonly logFile: string;
}

export function layoutOf(root: string): Layout {
  return {
    root,
    configs: {
      cloud: join(root, 'config', 'cloud.json'),
      agent: join(root, 'config', 'agent.json'),
      gateway: join(root, 'config', 'gateway.json'),
    },
    cloud: join(root, 'cloud'),
    agent: join(root, 'agent'),
    gateway: join(root, 'gateway'),
    lambdas: join(root, 'lambdas'),
    sampleFolder: join(root, 'sample'),
    repository: join(root, 'repository'),
    repositoryPassword: join(root, 'config', 'repository-password'),
    claimToken: join(root, 'config', 'claim-token'),
    logFile: join(root, 'gatehouse.log'),
  };
}
