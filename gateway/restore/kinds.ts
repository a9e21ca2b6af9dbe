/** What an entry of a restore plan is, and what happens to it. Numbers, because a plan holds a million. */

export const kinds = {
  folder: 0,
  file: 1,
  symlink: 2,
  fifo: 3,
  socket: 4,
  blockDevice: 5,
  charDevice: 6,
  /** A further name of a file that the plan has already. */
  hardLink: 7,
} as const;

export type Kind = (typeof kinds)[keyof typeof kinds];

export const actions = {
  /** Nothing is there. */
  create: 0,
  /** Something else is there and gives way. */
  replace: 1,
  /** The same kind of thing is there and is brought to the stored state in its place. */
  update: 2,
  /** The content is there already; owner, mode, times and attributes are set. */
  metadata: 3,
  /** What is there stays, by the rule for overwriting. */
  leave: 4,
  /** Cannot be restored; told already. */
  failed: 5,
} as const;

export type Action = (typeof actions)[keyof typeof actions];

/** restic's values of --overwrite. */
export const overwriteRules = ['always', 'if-changed', 'if-newer', 'never'] as const;
export type OverwriteRule = (typeof overwriteRules)[number];

/** By stored type; other types cannot be restored. */
export const kindOfType: Readonly<Record<string, Kind>> = {
  dir: kinds.folder,
  file: kinds.file,
  symlink: kinds.symlink,
  fifo: kinds.fifo,
  socket: kinds.socket,
  dev: kinds.blockDevice,
  chardev: kinds.charDevice,
};
