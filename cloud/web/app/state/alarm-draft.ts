/** What a person fills in for a new alarm rule, and the rule that it makes. Pure. */

export type Watched = 'offline' | 'silent' | 'life' | 'battery' | 'above' | 'below' | 'failing';

export interface AlarmDraft {
  readonly watched: Watched;
  /** The thing, or the action for `failing`; empty for all. */
  readonly subject: string;
  /** `thing/series` for a value; empty for none yet. */
  readonly series: string;
  readonly minutes: string;
  readonly limit: string;
  /** The function that is told; empty for none. */
  readonly action: string;
}

export const emptyDraft: AlarmDraft = {
  watched: 'offline',
  subject: '',
  series: '',
  minutes: '60',
  limit: '10',
  action: '',
};

const minuteMs = 60_000;

/** A sentence that is missing, or undefined when all is there. */
export function draftProblem(draft: AlarmDraft): string | undefined {
  const { watched, subject, series, minutes, limit } = draft;
  const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));
  if (watched === 'failing' && subject === '') return 'Choose an action.';
  if ((watched === 'above' || watched === 'below') && series === '') return 'Choose what is measured.';
  if (usesMinutes(watched) && !(Number(minutes) > 0)) return 'Say for how many minutes.';
  if (!usesMinutes(watched) && watched !== 'failing' && !isNumber(limit))
    return 'Give a number as the limit.';
  if ((watched === 'above' || watched === 'below') && !isNumber(limit)) return 'Give a number as the limit.';
  return undefined;
}

export function usesMinutes(watched: Watched): boolean {
  return watched === 'offline' || watched === 'silent' || watched === 'above' || watched === 'below';
}

/** The body of `POST /alarms/rules`. `taken`: names of rules that are there. */
export function ruleOf(draft: AlarmDraft, taken: readonly string[]): object {
  const { watched, series, action } = draft;
  const isValue = watched === 'above' || watched === 'below';
  const thing = isValue ? series.slice(0, series.indexOf('/')) : draft.subject;
  const base = nameOf(draft, thing);
  let name = base;
  for (let n = 2; taken.includes(name); n++) name = `${base} ${n}`;
  return {
    name,
    ...(watched !== 'failing' && thing !== '' && { thing }),
    when: conditionOf(draft),
    ...(action !== '' && { actions: [action] }),
  };
}

function conditionOf({ watched, subject, series, minutes, limit }: AlarmDraft): object {
  const forMs = Math.round(Number(minutes) * minuteMs);
  const value = Number(limit);
  const measured = series.slice(series.indexOf('/') + 1);
  switch (watched) {
    case 'offline':
    case 'silent':
      return { kind: watched, forMs };
    case 'life':
    case 'battery':
      return { kind: watched, below: value };
    case 'above':
      return { kind: 'range', series: measured, max: value, forMs };
    case 'below':
      return { kind: 'range', series: measured, min: value, forMs };
    case 'failing':
      return { kind: 'failing', function: subject, failures: 3 };
  }
}

const words: Record<Watched, string> = {
  offline: 'is offline',
  silent: 'is silent',
  life: 'is worn out',
  battery: 'battery is low',
  above: 'is too high',
  below: 'is too low',
  failing: 'fails',
};

function nameOf({ watched, series }: AlarmDraft, subject: string): string {
  const isValue = watched === 'above' || watched === 'below';
  const who = isValue ? series.replace('/', ' ') : subject === '' ? 'Any device' : subject;
  return `${who} ${words[watched]}`.replaceAll(/[^A-Za-z0-9 _.-]/g, ' ').slice(0, 58);
}
