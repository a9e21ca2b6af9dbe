/** All devices: find one, make one, take a box of them over. */
import { useState } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import { countOf, countText } from '../format/counts.js';
import { useSlice, useStore } from '../state/hooks.js';
import { nameProblem } from '../state/names.js';
import type { State } from '../state/store.js';
import { useTask } from '../state/tasks.js';
import { typeOptions, useThings } from '../state/things.js';
import { DeviceCard } from './device-card.js';
import { Form, SelectField, TextField } from './forms.js';
import { PageHead } from './page-head.js';
import { Empty } from './parts.js';

const selectTotal = (state: State) => state.data.thingsTotal;
const pageSize = 24;

export function DevicesPage() {
  const things = useThings();
  const total = useSlice(selectTotal);
  const [open, setOpen] = useState<'new' | 'box' | undefined>();
  const [filter, setFilter] = useState('');
  const [shown, setShown] = useState(pageSize);
  const found = things.filter((thing) => isMatch(thing, filter.trim().toLowerCase()));
  return (
    <>
      <PageHead
        title="Devices"
        aside={
          <div class="page-buttons">
            <button type="button" class="button-quiet" onClick={() => setOpen('box')}>
              Enter a claim code
            </button>
            <button type="button" class="button-quiet" onClick={() => setOpen('new')}>
              New device
            </button>
          </div>
        }
      />
      {open === 'new' && <NewDevice things={things} onDone={() => setOpen(undefined)} />}
      {open === 'box' && <ClaimCode onDone={() => setOpen(undefined)} />}
      {things.length === 0 ? (
        <Empty icon="device" title="No device yet">
          <p>Make one with the button above: give it a name and say what it is.</p>
        </Empty>
      ) : (
        <div class="filter">
          <TextField label="Find a device" value={filter} onChange={setFilter} />
          <p class="card-note">{foundText(found.length, things.length, total)}</p>
        </div>
      )}
      <div class="cards">
        {found.slice(0, shown).map((thing) => (
          <DeviceCard key={thing.name} thing={thing} things={things} />
        ))}
      </div>
      {found.length > shown && (
        <button type="button" class="button-quiet page-more" onClick={() => setShown(shown + 2 * pageSize)}>
          Show more
        </button>
      )}
    </>
  );
}

function isMatch({ name, type, placement }: ThingView, text: string): boolean {
  const place = placement === null ? '' : `${placement.projectName} ${placement.placementName}`;
  return `${name} ${type} ${place}`.toLowerCase().includes(text);
}

function foundText(found: number, known: number, total: number): string {
  if (known < total) return `The first ${countText(known)} of ${countText(total)} are here.`;
  return found === known ? countOf(known, 'device') : `${countText(found)} of ${countOf(known, 'device')}`;
}

function NewDevice({ things, onDone }: { things: readonly ThingView[]; onDone: () => void }) {
  const { api } = useStore();
  const [name, setName] = useState('');
  const [type, setType] = useState('button');
  const [problem, setProblem] = useState('');
  const task = useTask();
  const isTaken = task.fault?.code === 'THING_EXISTS';
  const submit = () => {
    const missing = nameProblem(name, 32);
    setProblem(missing);
    if (missing === '') task.run(() => api.createThing(name, type).then(onDone));
  };
  return (
    <Form
      label="New device"
      submit="Make the device"
      task={task}
      isToldAtField={isTaken}
      onSubmit={submit}
      onCancel={onDone}
    >
      <TextField
        label="Name of the device"
        note="For instance front-door."
        value={name}
        problem={problem || (isTaken ? 'There is a device of that name already.' : '')}
        onChange={setName}
      />
      <p class="card-note">
        For a Raspberry Pi of your own, <a href="#add-device">the first page</a> makes the files for its card
        as well.
      </p>
      <SelectField label="What it is" value={type} options={typeOptions(things)} onChange={setType} />
    </Form>
  );
}

function ClaimCode({ onDone }: { onDone: () => void }) {
  const store = useStore();
  const [code, setCode] = useState('');
  const [problem, setProblem] = useState('');
  const [told, setTold] = useState('');
  const task = useTask();
  const submit = () => {
    const text = code.trim();
    const isWrong = text.length < 12 || text.length > 40;
    setProblem(isWrong ? 'A claim code looks like C-AB2CD-EF3GH-JK4LM-NP5QR.' : '');
    if (isWrong) return;
    task.run(async () => {
      const { total } = await store.api.claimByCode(text);
      await store.loadThings();
      setTold(
        `${countOf(total, 'device')} of that box ${total === 1 ? 'is' : 'are'} yours now; enable them below.`,
      );
    });
  };
  return (
    <Form
      label="Claim the devices of a box"
      submit="Claim them"
      task={task}
      onSubmit={submit}
      onCancel={onDone}
    >
      <TextField
        label="Claim code"
        note="It came with the box of devices."
        value={code}
        problem={problem}
        onChange={setCode}
      />
      <p role="status">{told}</p>
    </Form>
  );
}
