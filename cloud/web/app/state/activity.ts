/** What happened, as one list: presses with what they set off, and runs that had another cause. Pure. */
import type { ClickView, RunSource, RunView } from '../../../../core/wire/api.js';
import { groupBy } from './group-by.js';

export interface Activity {
  readonly key: string;
  readonly atMs: number;
  readonly source: RunSource;
  readonly thing: string | null;
  /** Only for a press. */
  readonly click: ClickView | undefined;
  readonly runs: readonly RunView[];
}

/** Newest first. A run whose press is older than the oldest press known is left out with it. */
export function activitiesOf(clicks: readonly ClickView[], runs: readonly RunView[]): Activity[] {
  const runsByCause = groupBy(runs, keyOf);
  const presses = clicks.map((click): Activity => {
    const source: RunSource = { kind: 'click', id: click.id };
    const key = keyOf({ source, thing: click.thing });
    const atMs = Date.parse(click.receivedAt);
    return { key, atMs, source, thing: click.thing, click, runs: runsByCause.get(key) ?? [] };
  });
  const others = [...runsByCause]
    .filter(([, [first]]) => first !== undefined && first.source.kind !== 'click')
    .map(([key, caused]): Activity => {
      const { source, thing } = caused[0] as RunView;
      const atMs = Math.min(...caused.map((run) => Date.parse(run.createdAt)));
      return { key, atMs, source, thing, click: undefined, runs: caused };
    });
  return [...presses, ...others].sort((a, b) => b.atMs - a.atMs);
}

function keyOf({ source, thing }: Pick<RunView, 'source' | 'thing'>): string {
  return `${source.kind}/${thing ?? ''}/${source.id}`;
}

/** The runs that a press set off. */
export function runsOfClick(click: ClickView, runs: readonly RunView[]): RunView[] {
  return runs.filter((run) => isCausedBy(run, click.thing, click.id));
}

export function isCausedBy(run: RunView, thing: string, clickId: string | null): boolean {
  return run.source.kind === 'click' && run.source.id === clickId && run.thing === thing;
}
