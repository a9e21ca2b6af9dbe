/** `gatehouse release`: versions of the agent: keys, sign, publish, roll out in waves, watch. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { GatehouseError, messageOf } from '../../core/errors.js';
import type { JobView } from '../../core/wire/jobs.js';
import type { ReleaseView, UploadView } from '../../core/wire/releases.js';
import {
  releaseStatement,
  releaseVersion,
  type SignedRelease,
  signedRelease,
} from '../../core/wire/update.js';
import { provenMd5, uploadArtifact } from '../artifact-upload.js';
import { addBackendOptions, connectBackend } from '../backend.js';
import { createContext } from '../context.js';
import { describeJob, jobRows } from '../fleet-display.js';
import { count } from '../option-values.js';
import { formatBytes, formatTable } from '../terminal.js';
import { addRolloutOptions, type RolloutOptions, rolloutOf } from './job.js';

export function addRelease(program: Command): void {
  const release = program
    .command('release')
    .description('versions of the agent: sign, publish, roll out in waves, watch');
  addKeygen(release);
  addSign(release);
  for (const add of [addPublish, addRollOut, addStatus, addList]) addBackendOptions(add(release));
}

function addKeygen(release: Command): void {
  release
    .command('keygen')
    .description('make the key pair that releases are signed with')
    .argument('<file>', 'for the private key; FILE.pub is the public one, for the devices')
    .action(async (filePath: string, _options, command: Command) => {
      const { terminal } = createContext(command);
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      await writeFile(filePath, privateKey.export({ format: 'pem', type: 'pkcs8' }), {
        mode: 0o600,
        flag: 'wx',
      });
      await writeFile(`${filePath}.pub`, publicKey.export({ format: 'pem', type: 'spki' }), { flag: 'wx' });
      if (terminal.json) return terminal.printJson({ privateKey: filePath, publicKey: `${filePath}.pub` });
      terminal.print(`Wrote ${filePath} and ${filePath}.pub.`);
      terminal.note(
        'Keep the private key off the backend: whoever has it can put any program on the devices.',
      );
      return undefined;
    });
}

function addSign(release: Command): void {
  release
    .command('sign')
    .description('sign an artifact; writes FILE.release.json beside it')
    .argument('<file>', 'a tar.gz with bin/gatehouse.mjs in it')
    .argument('<version>', 'its version, never used before')
    .addOption(new Option('--key <file>', 'private key from "release keygen"').makeOptionMandatory())
    .action(async (filePath: string, version: string, options: { key: string }, command: Command) => {
      const { terminal } = createContext(command);
      const signed = await signFile(filePath, { ...options, version });
      await writeFile(`${filePath}.release.json`, `${JSON.stringify(signed, undefined, 2)}\n`);
      if (terminal.json) return terminal.printJson(signed);
      terminal.print(`Signed ${signed.version} (${formatBytes(signed.sizeBytes)}), sha256 ${signed.sha256}.`);
      return undefined;
    });
}

async function signFile(filePath: string, options: { key: string; version: string }): Promise<SignedRelease> {
  const version = releaseVersion.safeParse(options.version);
  if (!version.success) {
    throw new GatehouseError('VERSION_INVALID', `"${options.version}" cannot be a version.`, {
      hint: 'Use letters, digits and . _ + - only, 64 at most.',
    });
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(filePath)) hash.update(chunk as Buffer);
  const { size: sizeBytes } = await stat(filePath);
  const statement = { version: version.data, sizeBytes, sha256: hash.digest('hex') };
  const key = await readKey(options.key);
  return {
    ...statement,
    signature: sign(null, Buffer.from(releaseStatement(statement)), key).toString('base64'),
  };
}

async function readKey(filePath: string) {
  try {
    const key = createPrivateKey(await readFile(filePath));
    if (createPublicKey(key).asymmetricKeyType !== 'ed25519') throw new Error('it is no Ed25519 key');
    return key;
  } catch (error) {
    throw new GatehouseError('KEY_UNREADABLE', `${filePath} cannot be used: ${messageOf(error)}.`, {
      hint: 'Make one: gatehouse release keygen FILE',
    });
  }
}

function addPublish(release: Command): Command {
  return release
    .command('publish')
    .description('upload a signed artifact to the backend or to a bucket, or name the URL where it is')
    .argument('<file>', 'the artifact; FILE.release.json is read, too')
    .addOption(
      new Option(
        '--artifact-url <url>',
        'where devices get it instead; nothing is uploaded, and the URL must stay valid',
      ),
    )
    .addOption(
      new Option(
        '--bucket <s3://bucket/prefix>',
        'keep it there; devices get a presigned URL, made anew whenever they ask',
      ).conflicts('artifactUrl'),
    )
    .action(async (filePath: string, options: PublishOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const signed = await readSigned(filePath);
      const { artifactUrl: url, bucket } = options;
      const path = `/artifacts/${signed.sha256}`;
      if (bucket !== undefined) {
        const { sizeBytes } = signed;
        const md5 = await provenMd5(filePath, signed);
        const body = { bucket, sizeBytes, md5 };
        const { upload } = await api.post<UploadView>(`${path}/upload`, body, bucketLimitMs);
        if (upload !== null) await uploadArtifact(filePath, sizeBytes, upload);
      } else if (url === undefined) await api.upload(path, filePath);
      await api.post('/releases', { release: signed, url, bucket }, bucketLimitMs);
      if (terminal.json) return terminal.printJson(signed);
      terminal.print(`Published ${signed.version}${bucket === undefined ? '' : ` in ${bucket}`}.`);
      terminal.note(`Next: gatehouse release roll-out ${signed.version} --all --waves 1,10%,100%`);
      return undefined;
    });
}

interface PublishOptions {
  readonly artifactUrl?: string;
  readonly bucket?: string;
}

/** The backend asks the bucket's server meanwhile. */
const bucketLimitMs = 60_000;

async function readSigned(filePath: string): Promise<SignedRelease> {
  try {
    return signedRelease.parse(JSON.parse(await readFile(`${filePath}.release.json`, 'utf8')));
  } catch (error) {
    throw new GatehouseError('RELEASE_UNSIGNED', `${filePath}.release.json cannot be read.`, {
      cause: error,
      hint: `Sign it first: gatehouse release sign ${filePath} VERSION --key KEY`,
    });
  }
}

interface RollOutOptions extends RolloutOptions {
  readonly job?: string;
  readonly healthSeconds?: number;
  readonly graceSeconds?: number;
}

function addRollOut(release: Command): Command {
  const command = release
    .command('roll-out')
    .description('update devices in waves that stop when too many fail')
    .argument('<version>', 'a published version');
  return addRolloutOptions(command)
    .addOption(new Option('--job <id>', 'name of the job (default: update-VERSION)'))
    .addOption(
      new Option('--health-seconds <n>', 'how long it must be well before it stays (default 60)').argParser(
        count,
      ),
    )
    .addOption(
      new Option('--grace-seconds <n>', 'how long it may take to get well (default 180)').argParser(count),
    )
    .action(async (version: string, options: RollOutOptions, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const found = (await api.get<ReleaseView[]>('/releases')).find(
        (view) => view.release.version === version,
      );
      if (found === undefined) {
        throw new GatehouseError('RELEASE_UNKNOWN', `There is no published version ${version}.`, {
          hint: 'List them: gatehouse release list',
        });
      }
      const { healthSeconds, graceSeconds } = options;
      const document = {
        operation: 'update',
        url: found.url,
        release: found.release,
        ...(healthSeconds !== undefined && { healthSeconds }),
        ...(graceSeconds !== undefined && { graceSeconds }),
      };
      const id = options.job ?? `update-${version.replace(/[^A-Za-z0-9_-]/g, '-')}`;
      const body = { id, document, description: `Update to ${version}`, ...rolloutOf(options) };
      const job = await api.post<JobView>('/jobs', body);
      if (terminal.json) return terminal.printJson(job);
      terminal.print(`Rolling out ${version} as job ${id}.`);
      terminal.note(`Watch it: gatehouse release status ${version}`);
      return undefined;
    });
}

function addStatus(release: Command): Command {
  return release
    .command('status')
    .description('how far roll-outs are, device by device for one version')
    .argument('[version]', 'only this one')
    .action(async (version: string | undefined, _options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const jobs = (await api.get<JobView[]>('/jobs')).filter((job) => isRollOut(job, version));
      const views =
        version === undefined
          ? jobs
          : await Promise.all(jobs.map(({ id }) => api.get<JobView>(`/jobs/${encodeURIComponent(id)}`)));
      if (terminal.json) return terminal.printJson(views);
      if (views.length === 0) return terminal.note('Nothing was rolled out yet.');
      const lines = version === undefined ? formatTable(jobRows(views)) : views.flatMap(describeJob);
      for (const line of lines) terminal.print(line);
      return undefined;
    });
}

function isRollOut({ document }: JobView, version: string | undefined): boolean {
  if (document['operation'] !== 'update') return false;
  const parsed = signedRelease.safeParse(document['release']);
  return version === undefined || (parsed.success && parsed.data.version === version);
}

function addList(release: Command): Command {
  return release
    .command('list')
    .description('published versions, newest first')
    .action(async (_options, command: Command) => {
      const { api, terminal } = await connectBackend(command);
      const views = await api.get<ReleaseView[]>('/releases');
      if (terminal.json) return terminal.printJson(views);
      if (views.length === 0)
        return terminal.note('No releases yet. Start with: gatehouse release keygen FILE');
      const rows = views.map(({ release: { version, sizeBytes }, url, object, publishedAt }) => [
        version,
        formatBytes(sizeBytes),
        publishedAt,
        object ?? url,
      ]);
      for (const line of formatTable([['VERSION', 'SIZE', 'PUBLISHED', 'FROM'], ...rows]))
        terminal.print(line);
      return undefined;
    });
}
