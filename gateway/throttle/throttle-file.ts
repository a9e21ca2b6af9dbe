/**
 * What a user set by `gatehouse throttle`, kept over restarts in `throttle.json` of the data
 * directory; replaced as a whole, so that a reader sees the old setting or the new one.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatehouseError, systemCode } from '../../core/errors.js';
import { makePrivateFolder, writeFileDurably } from '../../core/files.js';
import { type Limits, parseOneWay, parseTimetable } from './timetable.js';

export interface ThrottleSetting {
  /** Until further notice. */
  readonly setting?: Limits;
  /** In its place until then, milliseconds since 1970. */
  readonly temporary?: Limits & { readonly untilMs: number };
  readonly pause?: { readonly untilMs?: number };
  /** Whether everything yields; absent, options and configuration say. */
  readonly yields?: boolean;
}

const fileName = 'throttle.json';

/** Nothing set when there is no file. @throws THROTTLE_FILE when it cannot be understood. */
export async function readThrottleSetting(dataDir: string): Promise<ThrottleSetting> {
  const filePath = join(dataDir, fileName);
  try {
    return settingFrom(JSON.parse(await readFile(filePath, 'utf8')));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw throttleFileUnreadable(filePath, error);
  }
}

function settingFrom(found: unknown): ThrottleSetting {
  if (!isRecord(found)) throw new Error('no setting');
  const { setting, temporary, pause, yields } = found;
  return {
    ...(isRecord(setting) ? { setting: limitsFrom(setting) } : {}),
    ...(isRecord(temporary) && typeof temporary['untilMs'] === 'number'
      ? { temporary: { ...limitsFrom(temporary), untilMs: temporary['untilMs'] } }
      : {}),
    ...(isRecord(pause)
      ? { pause: typeof pause['untilMs'] === 'number' ? { untilMs: pause['untilMs'] } : {} }
      : {}),
    ...(typeof yields === 'boolean' ? { yields } : {}),
  };
}

function limitsFrom({ upload, download }: Record<string, unknown>): Limits {
  if (typeof upload === 'string') parseTimetable(upload);
  if (typeof download === 'string') parseOneWay(download);
  return {
    ...(typeof upload === 'string' ? { upload } : {}),
    ...(typeof download === 'string' ? { download } : {}),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export async function writeThrottleSetting(dataDir: string, setting: ThrottleSetting): Promise<void> {
  await makePrivateFolder(dataDir);
  await writeFileDurably(join(dataDir, fileName), `${JSON.stringify(setting, null, 2)}\n`);
}

/** Raised when the kept setting is damaged; the user sets the throttle anew. */
function throttleFileUnreadable(filePath: string, cause: unknown): GatehouseError {
  return new GatehouseError('THROTTLE_FILE', `The throttle setting in ${filePath} cannot be read.`, {
    context: { filePath },
    cause,
    hint: 'Set it anew with `gatehouse throttle default`, or remove the file.',
  });
}
