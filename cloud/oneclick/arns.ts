/** ARNs of devices and projects. One installation is one region and one account, as configured. */
import { resourceUnknown } from './errors.js';

export class Arns {
  readonly #prefix: string;

  constructor({ region, account }: { readonly region: string; readonly account: string }) {
    this.#prefix = `arn:aws:iot1click:${region}:${account}:`;
  }

  device(deviceId: string): string {
    return `${this.#prefix}devices/${deviceId}`;
  }

  project(projectName: string): string {
    return `${this.#prefix}projects/${projectName}`;
  }

  /** The id or name in an ARN of ours. @throws ONECLICK_RESOURCE_UNKNOWN */
  nameIn(arn: string, kind: 'devices' | 'projects'): string {
    const prefix = `${this.#prefix}${kind}/`;
    const name = arn.slice(prefix.length);
    if (!arn.startsWith(prefix) || name === '' || name.includes('/'))
      throw resourceUnknown(`resource ${arn}`);
    return name;
  }
}
