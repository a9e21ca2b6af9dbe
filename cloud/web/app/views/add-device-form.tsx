/** The form for a new device. */
import { useState } from 'preact/hooks';
import { hasCode } from '../../../../core/errors.js';
import type { BoardView, CardView } from '../../../../core/wire/cards.js';
import { wiringUrl } from '../api/client.js';
import { sentenceOf } from '../errors.js';
import { type CardDraft, cardProblem, cardRequestOf, emptyCardDraft } from '../state/card-draft.js';
import { useStore } from '../state/hooks.js';
import { TextField } from './forms.js';

interface AddDeviceFormProps {
  readonly boards: readonly BoardView[];
  readonly onCard: (card: { view: CardView; board: BoardView }) => void;
}

export function AddDeviceForm({ boards, onCard }: AddDeviceFormProps) {
  const { api } = useStore();
  const [draft, setDraft] = useState<CardDraft>(() => emptyCardDraft(navigator.language));
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  /** There is a device of that name: it may have meant that one. */
  const [exists, setExists] = useState(false);
  const change = (part: Partial<CardDraft>) => {
    setDraft({ ...draft, ...part });
    setExists(false);
  };
  const board = boards.find(({ name }) => name === draft.board) ?? boards[0];
  const submit = async (renew: boolean) => {
    const missing = cardProblem(draft);
    setProblem(missing ?? '');
    if (missing !== undefined || board === undefined || isBusy) return;
    setBusy(true);
    try {
      onCard({ view: await api.makeCard(cardRequestOf({ ...draft, board: board.name }, renew)), board });
    } catch (error) {
      setExists(hasCode(error, 'THING_EXISTS'));
      setProblem(sentenceOf(error));
      setBusy(false);
    }
  };
  return (
    <form
      class="card add-device"
      aria-label="New device"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(false);
      }}
    >
      <fieldset class="add-device-boards">
        <legend>What did you build, or will you?</legend>
        {boards.map(({ name, title }) => (
          <label key={name}>
            <input
              type="radio"
              name="board"
              value={name}
              checked={name === board?.name}
              onChange={() => change({ board: name })}
            />
            <span>{title}</span>
            <a href={wiringUrl(name)} target="_blank" rel="noreferrer">
              Wiring
            </a>
          </label>
        ))}
      </fieldset>
      <TextField
        label="Name"
        note="letters, digits, - and _; for instance hall-button"
        value={draft.name}
        maxLength={128}
        onChange={(name) => change({ name: name.trim() })}
      />
      <WifiFields draft={draft} onChange={change} />
      <p class="field-problem" role="alert">
        {problem}
      </p>
      {exists && (
        <button type="button" class="button-quiet" onClick={() => void submit(true)}>
          Make a new card for the {draft.name} that exists
        </button>
      )}
      <button type="submit" class="button-main" aria-disabled={isBusy}>
        {isBusy ? 'Making the files …' : 'Make the files for its card'}
      </button>
    </form>
  );
}

interface WifiFieldsProps {
  readonly draft: CardDraft;
  readonly onChange: (part: Partial<CardDraft>) => void;
}

function WifiFields({ draft, onChange }: WifiFieldsProps) {
  const network = (
    <TextField
      label="Wi-Fi network"
      note="leave it empty when the device has a cable"
      value={draft.ssid}
      maxLength={32}
      onChange={(ssid) => onChange({ ssid })}
    />
  );
  if (draft.ssid === '') return network;
  return (
    <>
      {network}
      <TextField
        label="Its password"
        note="goes into the file and is kept nowhere else"
        isSecret
        value={draft.password}
        maxLength={64}
        onChange={(password) => onChange({ password })}
      />
      <TextField
        label="Country"
        note="two letters; whose rules the radio keeps"
        value={draft.country}
        maxLength={2}
        onChange={(country) => onChange({ country })}
      />
    </>
  );
}
