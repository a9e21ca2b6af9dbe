/** Preloaded into child processes: aws-crt finds no binary for this machine, as on 32-bit Arm. */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const fs = createRequire(import.meta.url)('node:fs');
const { existsSync } = fs;
fs.existsSync = (path) => !String(path).endsWith('aws-crt-nodejs.node') && existsSync(path);
syncBuiltinESMExports();
