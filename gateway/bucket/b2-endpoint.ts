/**
 * The S3 endpoint of a `b2://` bucket: from the region, where one is given, else from Backblaze,
 * which knows where the account of these keys lives.
 */
import { messageOf } from '../../core/errors.js';
import { endpointUnknown } from './errors.js';
import { formatLocation, type S3Location } from './location.js';
import { createS3Client, loadS3, type S3ClientOptions } from './s3-client.js';

const authorizeUrl = 'https://api.backblazeb2.com/b2api/v3/b2_authorize_account';
const answerLimitMs = 30_000;

/** Any other location comes back as it is. @throws BUCKET_DENIED when Backblaze does not say. */
export async function withEndpoint(
  place: S3Location,
  options: S3ClientOptions,
  askedUrl = authorizeUrl,
): Promise<S3Location> {
  const endpoint = options.endpoint ?? place.endpoint;
  if (place.scheme !== 'b2' || endpoint !== undefined) return place;
  const region = options.region ?? place.region;
  if (region !== undefined) return { ...place, endpoint: `https://s3.${region}.backblazeb2.com` };
  try {
    return { ...place, endpoint: await askBackblaze(place, options, askedUrl) };
  } catch (error) {
    throw endpointUnknown(formatLocation(place), messageOf(error), error);
  }
}

async function askBackblaze(place: S3Location, options: S3ClientOptions, url: string): Promise<string> {
  const client = await createS3Client(await loadS3(), place, options);
  const { accessKeyId, secretAccessKey } = await client.config.credentials().finally(() => client.destroy());
  const authorization = `Basic ${Buffer.from(`${accessKeyId}:${secretAccessKey}`).toString('base64')}`;
  const answer = await fetch(url, { headers: { authorization }, signal: AbortSignal.timeout(answerLimitMs) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const endpoint = endpointIn(await answer.json());
  if (endpoint === undefined) throw new Error('its answer names none');
  return endpoint;
}

function endpointIn(answer: unknown): string | undefined {
  const { apiInfo } = (answer ?? {}) as { apiInfo?: { storageApi?: { s3ApiUrl?: unknown } } };
  const url = apiInfo?.storageApi?.s3ApiUrl;
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).origin : undefined;
}
