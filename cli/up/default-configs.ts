/**
 * The configurations that `gatehouse up` writes on its first run, for the user to edit: one button,
 * one sensor, one action, one backup job. Existing files are never touched.
 */
import { randomBytes } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, writeFileDurably } from '../../core/files.js';
import type { Layout } from './layout.js';

export const sampleThing = 'button-1';

const handlerSource = `// Runs for every click of the button. The event is the one that AWS IoT 1-Click sends to a Lambda:
// event.deviceEvent.buttonClicked.clickType is SINGLE, DOUBLE or LONG.
// Edit this file and press again: the next click runs the new code.
export const handler = async (event, context) => {
  const { clickType } = event.deviceEvent.buttonClicked;
  const building = event.placementInfo?.attributes.Building ?? 'nowhere in particular';
  console.log(\`\${clickType} click in \${building}, request \${context.awsRequestId}\`);
  return { ok: true };
};
`;

const sampleText = `This folder is backed up by "gatehouse up" so that there is something to see.
Put files here, wait for the next run, and restore them with the command that the README gives.
`;

export interface Ports {
  readonly http: number;
  readonly mqtt: number;
  readonly provisioning: number;
}

const defaultPorts: Ports = { http: 8420, mqtt: 8883, provisioning: 8443 };

/** Writes what is missing below the data directory. */
export async function writeDefaults(layout: Layout): Promise<void> {
  await makePrivateFolder(layout.root);
  for (const folder of [join(layout.root, 'config'), layout.lambdas, layout.sampleFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  await writeOnce(join(layout.lambdas, 'hello.mjs'), handlerSource);
  await writeOnce(join(layout.sampleFolder, 'read me.txt'), sampleText);
  await writeOnce(layout.repositoryPassword, `${randomBytes(24).toString('base64url')}\n`);
  await writeOnce(layout.configs.cloud, asJson(cloudDefaults(layout)));
  await writeOnce(layout.configs.agent, asJson(agentDefaults(layout)));
  await writeOnce(layout.configs.gateway, asJson(gatewayDefaults(layout)));
}

function cloudDefaults(layout: Layout) {
  return {
    dataDir: layout.cloud,
    http: { port: defaultPorts.http },
    mqtt: { port: defaultPorts.mqtt },
    provisioning: { port: defaultPorts.provisioning },
    functions: { hello: { kind: 'node', handler: join(layout.lambdas, 'hello.mjs') } },
    projects: [
      {
        projectName: 'demo',
        description: 'Made by gatehouse up',
        placementTemplate: {
          defaultAttributes: { Building: 'Main building' },
          deviceTemplates: {
            button: {
              deviceType: 'button',
              callbackOverrides: {
                onClickCallback: 'arn:aws:lambda:local:000000000000:function:hello',
              },
            },
          },
        },
        placements: [
          { placementName: 'front-door', attributes: { Floor: '1' }, devices: { button: sampleThing } },
        ],
      },
    ],
  };
}

function agentDefaults(layout: Layout) {
  return {
    dataDir: layout.agent,
    identity: { claimTokenFile: layout.claimToken },
    buttons: [{ name: 'button', pin: 'GPIO17', activeLow: true, double: true, long: true }],
    sensors: [{ name: 'room', chip: 'bme280', address: 0x76, everyMs: 1000 }],
  };
}

function gatewayDefaults(layout: Layout) {
  return {
    dataDir: layout.gateway,
    jobs: [
      {
        name: 'sample-folder',
        paths: [layout.sampleFolder],
        repository: layout.repository,
        passwordFile: layout.repositoryPassword,
        every: '15m',
      },
    ],
    report: { url: `http://127.0.0.1:${defaultPorts.http}`, tokenFile: join(layout.cloud, 'api-token') },
  };
}

const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

async function writeOnce(filePath: string, text: string): Promise<void> {
  const exists = await access(filePath).then(
    () => true,
    () => false,
  );
  if (!exists) await writeFileDurably(filePath, text);
}
