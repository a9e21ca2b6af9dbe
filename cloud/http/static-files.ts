/**
 * Serves the built dashboard from one directory; any other path of a page gets its front page.
 * Invariant: nothing outside the directory is ever read.
 */
import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { Handler } from 'hono';
import { notFound } from './errors.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const notBuilt =
  'Gatehouse runs, but its dashboard is not built. Run "npm run build" and load this page again.\n';

export function staticFiles(directory: string | undefined): Handler {
  return async (c) => {
    const path = decode(new URL(c.req.url).pathname);
    const file = directory && path !== undefined ? await readInside(directory, path) : undefined;
    if (file !== undefined) return answer(file, path ?? '');
    if (path === undefined || extname(path) !== '') throw notFound(`page ${c.req.path}`);
    const page = directory ? await readInside(directory, '/index.html') : undefined;
    return page === undefined ? c.text(notBuilt) : answer(page, '/index.html');
  };
}

function answer(content: Uint8Array<ArrayBuffer>, path: string): Response {
  const name = path.endsWith('/') ? 'index.html' : path;
  // The bundler puts a digest into the names below assets/, so that they never change.
  const cache = /^\/assets\//.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
  return new Response(content, {
    headers: { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Cache-Control': cache },
  });
}

function decode(pathname: string): string | undefined {
  try {
    const path = decodeURIComponent(pathname);
    return path.includes('\0') ? undefined : path;
  } catch {
    return undefined;
  }
}

async function readInside(directory: string, path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const root = await realpath(directory);
    const filePath = await realpath(join(root, path.endsWith('/') ? `${path}index.html` : path));
    if (!filePath.startsWith(root + sep)) return undefined;
    return new Uint8Array(await readFile(filePath));
  } catch {
    // Not there, a folder, or not readable: all the same to who asks.
    return undefined;
  }
}
