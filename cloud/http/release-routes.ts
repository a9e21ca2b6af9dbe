/** Routes of releases: artifacts up and down, publish, list. See `core/wire/releases.ts`. */
import { type Context, Hono } from 'hono';
import { publishRelease, requestUpload, type UploadView } from '../../core/wire/releases.js';
import { placeholderOf } from '../../core/wire/s3-placeholder.js';
import { notFound, requestInvalid } from './errors.js';
import { readBody } from './request.js';
import type { Services } from './services.js';

const digest = /^[0-9a-f]{64}$/;

/** Behind the token. */
export function releaseRoutes({ releases, artifactBuckets, publicUrl }: Services): Hono {
  const routes = new Hono();
  routes.put('/artifacts/:sha256', async (c) => {
    const sha256 = digestOf(c);
    const { body } = c.req.raw;
    if (body === null) throw requestInvalid('there is no body');
    await releases.upload(sha256, body);
    return c.json({ sha256 }, 201);
  });
  routes.post('/artifacts/:sha256/upload', async (c) => {
    const { bucket, sizeBytes, md5 } = await readBody(c, requestUpload);
    const artifact = { sha256: digestOf(c), sizeBytes };
    const object = await artifactBuckets.place(bucket, artifact);
    const upload = await artifactBuckets.upload(object, artifact, md5);
    return c.json({ upload: upload ?? null } satisfies UploadView);
  });
  routes.get('/releases', async (c) => c.json(await releases.list(publicUrl(c.req.url))));
  routes.post('/releases', async (c) => {
    const request = await readBody(c, publishRelease);
    const { release, url, bucket } = request;
    if (bucket === undefined) await releases.publish(release, url);
    else {
      const object = await artifactBuckets.place(bucket, release);
      await artifactBuckets.confirm(object, release);
      await releases.publish(release, placeholderOf(object));
    }
    return c.json(request, 201);
  });
  return routes;
}

function digestOf(c: Context): string {
  const sha256 = c.req.param('sha256') ?? '';
  if (!digest.test(sha256)) throw requestInvalid('an artifact is named by its SHA-256 in hex');
  return sha256;
}

/** For devices: no token, the digest is the key; one range at a time. */
export function artifactDownload({ releases }: Pick<Services, 'releases'>) {
  return async (c: Context): Promise<Response> => {
    const sha256 = c.req.param('sha256') ?? '';
    const size = digest.test(sha256) ? await releases.sizeOf(sha256) : undefined;
    if (size === undefined) throw notFound('such artifact');
    const range = rangeOf(c.req.header('range'), size);
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'private, max-age=31536000, immutable',
      ETag: `"${sha256}"`,
    };
    if (range === 'unsatisfiable') {
      return new Response(null, { status: 416, headers: { ...headers, 'Content-Range': `bytes */${size}` } });
    }
    const { from, to } = range ?? { from: 0, to: size - 1 };
    const body = c.req.method === 'HEAD' ? null : releases.read(sha256, from, to);
    return new Response(body, {
      status: range === undefined ? 200 : 206,
      headers: {
        ...headers,
        'Content-Length': String(to - from + 1),
        ...(range !== undefined && { 'Content-Range': `bytes ${from}-${to}/${size}` }),
      },
    });
  };
}

/** Undefined for all of it: no range, several, or one that is not understood [RFC 9110, 14.2]. */
function rangeOf(
  header: string | undefined,
  size: number,
): { from: number; to: number } | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined) return undefined;
  const from = Number(first);
  const to = Math.min(last === '' || last === undefined ? size - 1 : Number(last), size - 1);
  return from > to ? 'unsatisfiable' : { from, to };
}
