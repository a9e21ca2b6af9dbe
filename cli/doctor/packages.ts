/** Findings about the native parts: which are there, what stands in for those that are not. */
import { createRequire } from 'node:module';
import type { Finding } from './finding.js';

const require = createRequire(import.meta.url);

interface Part {
  readonly name: string;
  readonly without: string;
  readonly remedy: string;
}

const parts: readonly Part[] = [
  {
    name: 'sqlite3',
    without: 'another SQLite driver is used: slower, as durable',
    remedy: 'sudo apt install build-essential python3 && npm rebuild sqlite3',
  },
  {
    name: 'koffi',
    without: 'restore keeps times to the microsecond and no extended attributes or device nodes',
    remedy: 'npm install koffi',
  },
  {
    name: 'aws-crt',
    without: 'the agent speaks MQTT with the package mqtt instead',
    remedy: 'none needed; with cmake and a C++ compiler present, "npm install aws-crt" builds it',
  },
];

export function checkPackages(): Finding[] {
  return parts.map((part) => {
    const base = { id: `package.${part.name}`, title: `Package ${part.name}` };
    try {
      require(part.name);
      return { ...base, status: 'ok', detail: 'loads' };
    } catch {
      return { ...base, status: 'missing', detail: `does not load; ${part.without}`, remedy: part.remedy };
    }
  });
}
