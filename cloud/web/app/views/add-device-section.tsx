/** From a box of parts to a device: choose a board and a name, get the files for its card. */
import { useEffect, useState } from 'preact/hooks';
import type { BoardView, CardView } from '../../../../core/wire/cards.js';
import { sentenceOf } from '../errors.js';
import { useStore } from '../state/hooks.js';
import { AddDeviceForm } from './add-device-form.js';
import { CardFilesView } from './card-files.js';
import { Section } from './parts.js';

export function AddDeviceSection() {
  const [isOpen, setOpen] = useState(false);
  const [card, setCard] = useState<{ view: CardView; board: BoardView }>();
  const toggle = () => {
    setOpen(!isOpen);
    setCard(undefined);
  };
  const button = (
    <button type="button" class="button-quiet" aria-expanded={isOpen} onClick={toggle}>
      {isOpen ? 'Close' : 'Add a device'}
    </button>
  );
  return (
    <Section id="add-device" title="New devices" aside={button}>
      {!isOpen && <p class="card-note">A button, a sensor or a rover on a Raspberry Pi of your own.</p>}
      {isOpen && card === undefined && <BoardsAndForm onCard={setCard} />}
      {isOpen && card !== undefined && <CardFilesView card={card.view} board={card.board} />}
    </Section>
  );
}

function BoardsAndForm({ onCard }: { onCard: (card: { view: CardView; board: BoardView }) => void }) {
  const { api } = useStore();
  const [boards, setBoards] = useState<readonly BoardView[]>([]);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    api.boards().then(setBoards, (error: unknown) => setProblem(sentenceOf(error)));
  }, [api]);
  if (problem !== '') {
    return (
      <p class="field-problem" role="alert">
        {problem}
      </p>
    );
  }
  return boards.length === 0 ? null : <AddDeviceForm boards={boards} onCard={onCard} />;
}
