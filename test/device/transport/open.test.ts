import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as awsCrt from 'aws-crt';
import { describe, expect, it } from 'vitest';
import { loadSdk, type Sdk } from '../../../device/transport/sdk.js';
import { PrivateCa } from '../../support/private-ca.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const child = fileURLToPath(new URL('./exit-child.mjs', import.meta.url));
const withoutBinary = ['--import', fileURLToPath(new URL('./without-binary.mjs', import.meta.url))];

/** Opens a transport in a process of its own, to a port where nobody listens. */
async function openIn(library: string, flags: readonly string[]): Promise<{ said: string; failed: string }> {
  const folder = await temporaryFolder();
  const files = await (await PrivateCa.create()).issueFiles(folder, { commonName: 'lamp' });
  const options = { host: 'localhost', port: 9, clientId: 'lamp', keepAliveSeconds: 30, ...files };
  const script = [child, library, '3.1.1', 'unreachable', JSON.stringify(options)];
  const ended = spawnSync(process.execPath, [...flags, ...script], { encoding: 'utf8' });
  return { said: ended.stdout.trim(), failed: ended.stderr };
}

describe('the choice of the MQTT library', () => {
  it('takes the SDK where it has a binary', async () => {
    expect((await openIn('auto', [])).said).toBe('aws-crt');
  });

  it('takes the package mqtt by itself where the SDK has no binary', async () => {
    expect((await openIn('auto', withoutBinary)).said).toBe('mqtt');
  });

  it('says so where the SDK is asked for by name and has no binary', async () => {
    const { said, failed } = await openIn('aws-crt', withoutBinary);
    expect(said).toBe('');
    expect(failed).toContain('SDK_UNAVAILABLE');
  });

  it('states the types of the SDK as the SDK has them', async () => {
    const typed: Pick<Sdk, 'io' | 'mqtt' | 'mqtt5' | 'iot'> = awsCrt;
    expect((await loadSdk()).mqtt5.Mqtt5Client).toBe(typed.mqtt5.Mqtt5Client);
  });
});
