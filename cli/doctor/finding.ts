/** What `gatehouse doctor` says: one finding per line, with a remedy where something is missing. */
export interface Finding {
  /** Stable, for `--json`: `node`, `disk`, `port.8883`. */
  readonly id: string;
  readonly title: string;
  /** `missing` is worth knowing, `problem` stops something from working. */
  readonly status: 'ok' | 'missing' | 'problem';
  readonly detail: string;
  readonly remedy?: string;
}
