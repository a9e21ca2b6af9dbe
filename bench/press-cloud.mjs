/** A backend whose handler notes when its first statement ran, for whoever measures the way of a press. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const entryPoint = fileURLToPath(new URL('../bin/gatehouse.mjs', import.meta.url));

/**
 * One placement with the button `thing`. `times` gets a line per press, by `process.hrtime`, which is the
 * same clock in every process on Linux. `more` goes into the configuration.
 */
export async function startPressCloud({ folder, times, thing, more = {} }) {
  appendFileSync(times, '');
  // Taken before anything else runs.
  writeFileSync(
    join(folder, 'handler.mjs'),
    `import { appendFileSync } from 'node:fs';
export const handler = async () => {
  const now = process.hrtime.bigint();
  appendFileSync(${JSON.stringify(times)}, now + '\\n');
};\n`,
  );
  const configFile = join(folder, 'cloud.json');
  writeFileSync(configFile, JSON.stringify({ ...configuration(folder, thing), ...more }));
  const child = spawn(process.execPath, [entryPoint, 'cloud', 'run', '--config', configFile], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [ready] = await once(child, 'message');
  if (ready.type !== 'ready') throw new Error(ready.message);
  return { process: child, claimToken: await claimToken(ready, thing) };
}

function configuration(folder, thing) {
  return {
    dataDir: join(folder, 'cloud'),
    http: { port: 0 },
    mqtt: { host: '127.0.0.1', port: 0 },
    provisioning: { host: '127.0.0.1', port: 0 },
    functions: { bench: { kind: 'node', handler: join(folder, 'handler.mjs') } },
    projects: [
      {
        projectName: 'bench',
        placementTemplate: {
          deviceTemplates: {
            b: {
              deviceType: 'button',
              callbackOverrides: { onClickCallback: 'arn:aws:lambda:local:000000000000:function:bench' },
            },
          },
        },
        placements: [{ placementName: 'p', devices: { b: thing } }],
      },
    ],
  };
}

async function claimToken({ httpUrl, apiToken }, thing) {
  const response = await fetch(`${httpUrl}/api/v1/things/${thing}/claim-token`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
    body: '{}',
  });
  return (await response.json()).claimToken;
}

/** Lines as they are appended to a file. */
export class LineReader {
  #file;
  #rest = '';
  #lines = [];

  constructor(filePath) {
    this.#file = openSync(filePath, 'r');
  }

  async next() {
    const buffer = Buffer.alloc(4096);
    while (this.#lines.length === 0) {
      const size = readSync(this.#file, buffer);
      if (size === 0) await pause(1);
      const parts = (this.#rest + buffer.toString('utf8', 0, size)).split('\n');
      this.#rest = parts.pop();
      this.#lines.push(...parts);
    }
    return this.#lines.shift();
  }

  close() {
    closeSync(this.#file);
  }
}
