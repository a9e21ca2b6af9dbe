/** Attributes as rows of name and value; there is always a way to add one and to take one away. */
import { useId } from 'preact/hooks';
import type { Pair } from '../state/names.js';

export interface AttributeFieldsProps {
  readonly pairs: readonly Pair[];
  readonly onChange: (pairs: readonly Pair[]) => void;
  readonly problem: string;
}

export function AttributeFields({ pairs, onChange, problem }: AttributeFieldsProps) {
  const id = useId();
  const change = (at: number, part: Partial<Pair>) =>
    onChange(pairs.map((pair, index) => (index === at ? { ...pair, ...part } : pair)));
  return (
    <fieldset class="attributes" aria-describedby={`${id}-problem`}>
      <legend>Attributes</legend>
      <p class="card-note">What an action should know of this place, such as room = kitchen.</p>
      {pairs.map((pair, at) => (
        <div class="attribute-row" key={at}>
          <input
            type="text"
            placeholder="name"
            aria-label={`Name of attribute ${at + 1}`}
            value={pair.key}
            onInput={(event) => change(at, { key: event.currentTarget.value })}
          />
          <input
            type="text"
            placeholder="value"
            aria-label={`Value of attribute ${at + 1}`}
            value={pair.value}
            onInput={(event) => change(at, { value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="button-quiet"
            aria-label={`Take away attribute ${pair.key === '' ? at + 1 : pair.key}`}
            onClick={() => onChange(pairs.filter((_, index) => index !== at))}
          >
            Take away
          </button>
        </div>
      ))}
      <p id={`${id}-problem`} class="field-problem" role="alert">
        {problem}
      </p>
      <button type="button" class="button-quiet" onClick={() => onChange([...pairs, { key: '', value: '' }])}>
        Add an attribute
      </button>
    </fieldset>
  );
}
