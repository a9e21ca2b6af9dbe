/** One sentence with blanks: tell me when ... */
import { useEffect, useState } from 'preact/hooks';
import { sentenceOf } from '../errors.js';
import { seriesTitle } from '../format/units.js';
import {
  type AlarmDraft,
  draftProblem,
  emptyDraft,
  ruleOf,
  usesMinutes,
  type Watched,
} from '../state/alarm-draft.js';
import { useSlice, useStore } from '../state/hooks.js';
import type { State } from '../state/store.js';

const selectThings = (state: State) => state.data.things;
const selectSeries = (state: State) => state.data.series;
const selectRules = (state: State) => state.data.alarmRules;

const choices: readonly (readonly [Watched, string])[] = [
  ['offline', 'is not connected'],
  ['silent', 'sends nothing'],
  ['life', 'is near the end of its life'],
  ['battery', 'has a low battery'],
  ['above', 'measures too much'],
  ['below', 'measures too little'],
  ['failing', '(an action) fails three times in a row'],
];

export function AlarmForm({ onDone }: { onDone: () => void }) {
  const store = useStore();
  const rules = useSlice(selectRules);
  const actions = useActions();
  const [draft, setDraft] = useState<AlarmDraft>(emptyDraft);
  const [problem, setProblem] = useState('');
  const change = (part: Partial<AlarmDraft>) => setDraft({ ...draft, ...part });
  const submit = async () => {
    const missing = draftProblem(draft);
    if (missing !== undefined) return setProblem(missing);
    try {
      await store.createAlarmRule(
        ruleOf(
          draft,
          rules.map(({ name }) => name),
        ),
      );
      onDone();
    } catch (error) {
      setProblem(sentenceOf(error));
    }
  };
  return (
    <form
      class="card alarm-form"
      aria-label="New rule"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <p class="alarm-sentence">
        <span>Tell me when</span>
        <Subject draft={draft} actions={actions} onChange={change} />
        <Pick
          label="What happens"
          value={draft.watched}
          options={choices}
          onChange={(value) => change({ watched: value as Watched, subject: '' })}
        />
        <Limits draft={draft} onChange={change} />
      </p>
      <p class="alarm-sentence">
        <span>and run</span>
        <Pick
          label="Action that is told"
          value={draft.action}
          options={[['', 'nothing, show it here'], ...actions.map((name) => [name, name] as const)]}
          onChange={(action) => change({ action })}
        />
      </p>
      <p class="field-problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button-main">
        Make the rule
      </button>
    </form>
  );
}

interface PartProps {
  readonly draft: AlarmDraft;
  readonly onChange: (part: Partial<AlarmDraft>) => void;
}

function Subject({ draft, actions, onChange }: PartProps & { actions: readonly string[] }) {
  const things = useSlice(selectThings);
  const series = useSlice(selectSeries);
  const { watched } = draft;
  if (watched === 'above' || watched === 'below') {
    const options = series.map(
      (one) => [`${one.thing}/${one.series}`, `${seriesTitle(one.series)}, ${one.thing}`] as const,
    );
    return (
      <Pick
        label="What is measured"
        value={draft.series}
        options={[['', 'choose …'], ...options]}
        onChange={(value) => onChange({ series: value })}
      />
    );
  }
  const isAction = watched === 'failing';
  const names = isAction ? actions : things.map(({ name }) => name);
  return (
    <Pick
      label={isAction ? 'Action' : 'Device'}
      value={draft.subject}
      options={[['', isAction ? 'choose …' : 'any device'], ...names.map((name) => [name, name] as const)]}
      onChange={(subject) => onChange({ subject })}
    />
  );
}

function Limits({ draft, onChange }: PartProps) {
  const { watched } = draft;
  const isValue = watched === 'above' || watched === 'below';
  const limitWords = { life: 'with less than', battery: 'with less than', above: 'above', below: 'below' };
  return (
    <>
      {watched in limitWords && (
        <>
          <span>{limitWords[watched as keyof typeof limitWords]}</span>
          <NumberField label="Limit" value={draft.limit} onChange={(limit) => onChange({ limit })} />
          {!isValue && <span>%</span>}
        </>
      )}
      {usesMinutes(watched) && (
        <>
          <span>for</span>
          <NumberField label="Minutes" value={draft.minutes} onChange={(minutes) => onChange({ minutes })} />
          <span>minutes</span>
        </>
      )}
    </>
  );
}

function NumberField(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <input
      type="number"
      step="any"
      aria-label={props.label}
      value={props.value}
      onInput={(event) => props.onChange(event.currentTarget.value)}
    />
  );
}

interface PickProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

function Pick({ label, value, options, onChange }: PickProps) {
  return (
    <select aria-label={label} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** Names of what can run; none while that is not known. */
function useActions(): readonly string[] {
  const { api } = useStore();
  const [names, setNames] = useState<readonly string[]>([]);
  useEffect(() => {
    api.actions().then(
      (actions) => setNames(actions.map(({ name }) => name)),
      () => setNames([]),
    );
  }, [api]);
  return names;
}
