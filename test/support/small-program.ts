/** A folder with what an installation has, each file a few bytes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const files = {
  'bin/gatehouse.mjs': 'console.log("a stand-in");\n',
  'dist/cli/main.js': 'export {};\n',
  'dist/cli/main.d.ts': 'export {};\n',
  'dist/cli/.tsbuildinfo': '{}',
  'hardware/boards/button-box/agent.json': '{}',
  'package.json': '{}',
  'package-lock.json': '{}',
  LICENSE: 'as you like\n',
  'node_modules/left/out.js': '',
};

export async function smallProgram(folder: string): Promise<string> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}
