/**
 * What S3 servers do differently, in one place: each deviation with its reason. Found by the host
 * of the endpoint; a server that is not listed gets what nearly all servers understand.
 */

export interface Provider {
  readonly name: string;
  /** Whether that host is one of its own. */
  readonly owns: (host: string) => boolean;
  /** The bucket's name in the path and not in the host name. */
  readonly pathStyle: boolean;
  /** Version of the listing request. */
  readonly listVersion: 1 | 2;
  /** Used when nobody names one. */
  readonly region: (host: string) => string;
  /** Ask for SHA-256 and other checksums that the server keeps beside the ETag. */
  readonly asksChecksums: boolean;
  /** A new bucket's region is named in the request. */
  readonly placesBuckets: boolean;
  /** Has classes whose objects must be fetched before they are read. */
  readonly hasArchive: boolean;
  /** Why it deviates, for readers of this table. */
  readonly reason: string;
}

const usual: Provider = {
  name: 'S3',
  owns: () => true,
  pathStyle: true,
  listVersion: 2,
  region: () => 'us-east-1',
  asksChecksums: false,
  placesBuckets: false,
  hasArchive: true,
  reason:
    'Path style needs no wildcard DNS name. Checksums go as Content-MD5, which all servers know; ' +
    'the newer checksum headers and trailers are refused by many.',
};

const providers: readonly Provider[] = [
  {
    ...usual,
    name: 'AWS',
    owns: (host) => host === '' || host.endsWith('.amazonaws.com') || host.endsWith('.amazonaws.com.cn'),
    pathStyle: false,
    asksChecksums: true,
    placesBuckets: true,
    reason:
      'Path style is deprecated there. SHA-256 beside the ETag proves objects that were sent in parts ' +
      'or encrypted. A bucket outside us-east-1 must name its region when it is made.',
  },
  {
    ...usual,
    name: 'Google Cloud Storage',
    owns: (host) => host === 'storage.googleapis.com',
    region: () => 'auto',
    hasArchive: false,
    reason:
      'Any region is accepted in a signature, "auto" by custom. Checksum trailers are not understood. ' +
      'All its classes are read at once. Needs HMAC keys (interoperability), not a service account file.',
  },
  {
    ...usual,
    name: 'Backblaze B2',
    owns: (host) => /^s3\.[a-z0-9-]+\.backblazeb2\.com$/.test(host),
    region: (host) => host.split('.')[1] ?? 'us-west-004',
    hasArchive: false,
    reason: 'The region is part of the host name, and signatures must carry the same one. It has one class.',
  },
  {
    ...usual,
    name: 'Cloudflare R2',
    owns: (host) => host.endsWith('.r2.cloudflarestorage.com'),
    region: () => 'auto',
    hasArchive: false,
    reason: 'Has one region, "auto". All parts of an upload but the last must have one size: ours have.',
  },
  {
    ...usual,
    name: 'Wasabi',
    owns: (host) => /^s3\.([a-z0-9-]+\.)?wasabisys\.com$/.test(host),
    region: (host) => /^s3\.([a-z0-9-]+)\.wasabisys/.exec(host)?.[1] ?? 'us-east-1',
    hasArchive: false,
    reason: 'The region is part of the host name. It has one class.',
  },
  {
    ...usual,
    name: 'Tencent COS',
    owns: (host) => host.endsWith('.myqcloud.com'),
    pathStyle: false,
    listVersion: 1,
    region: (host) => /^cos\.([a-z0-9-]+)\./.exec(host)?.[1] ?? 'us-east-1',
    reason: 'Path style is refused for new buckets; listings only in version 1.',
  },
  {
    ...usual,
    name: 'IBM Cloud Object Storage',
    owns: (host) => host.endsWith('.cloud-object-storage.appdomain.cloud'),
    listVersion: 1,
    reason: 'Listings in version 2 lack entries on some of its deployments.',
  },
];

/** `endpoint` is an origin; undefined means AWS. */
export function providerOf(endpoint: string | undefined): Provider {
  const host = endpoint === undefined ? '' : new URL(endpoint).hostname;
  return providers.find((provider) => provider.owns(host)) ?? usual;
}

export function regionOf(endpoint: string | undefined): string {
  const host = endpoint === undefined ? '' : new URL(endpoint).hostname;
  return providerOf(endpoint).region(host);
}
