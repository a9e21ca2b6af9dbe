#!/usr/bin/env node
/** The `gatehouse` command: checks that it can run at all, then hands over to the compiled program. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `Gatehouse needs Node.js 20.19 or newer; this is ${process.versions.node}.\n` +
      'Install a newer one (Debian 13: "sudo apt install nodejs npm"; Debian 12: see docs/install.md).\n',
  );
  process.exit(1);
}
const program = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(fileURLToPath(program))) {
  process.stderr.write('Gatehouse is not built yet. Run "npm start" once, or "npm ci && npm run build".\n');
  process.exit(1);
}
const { main } = await import(program.href);
await main(process.argv);
