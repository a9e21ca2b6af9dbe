/** One place: its attributes, its devices, who was there before. */
import { useState } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import type { PlacementView, ProjectView } from '../../../../core/wire/project-api.js';
import { useStore } from '../state/hooks.js';
import { changeOf, type Pair, pairsProblem, recordOf } from '../state/names.js';
import { type Task, useTask } from '../state/tasks.js';
import { AttributeFields } from './attribute-fields.js';
import { Confirm, FaultNote, Form } from './forms.js';
import { PlacementHistory } from './placement-history.js';

export interface PlacementCardProps {
  readonly project: ProjectView;
  readonly placement: PlacementView;
  readonly things: readonly ThingView[];
  readonly onReload: () => void;
}

export function PlacementCard({ project, placement, things, onReload }: PlacementCardProps) {
  const { api } = useStore();
  const { projectName } = project;
  const { placementName, attributes, devices } = placement;
  const [isOpen, setOpen] = useState(false);
  const task = useTask();
  const roles = [
    ...new Set([...Object.keys(project.placementTemplate.deviceTemplates), ...Object.keys(devices)]),
  ];
  const reload = () => {
    task.clear();
    onReload();
  };
  return (
    <article class="card placement" aria-labelledby={`placement-${placementName}`}>
      <h3 id={`placement-${placementName}`}>{placementName}</h3>
      <Attributes attributes={{ ...project.placementTemplate.defaultAttributes, ...attributes }} />
      {roles.length === 0 && (
        <p class="card-note">This project has no devices yet: add one under “Change project”.</p>
      )}
      <ul class="slots">
        {roles.map((role) => (
          <Slot
            key={role}
            role={role}
            type={project.placementTemplate.deviceTemplates[role]?.deviceType ?? ''}
            placement={placement}
            things={things}
            task={task}
            onPlace={(device) =>
              task.run(() => api.placeDevice(projectName, placementName, role, device).then(onReload))
            }
            onRemove={() => task.run(() => api.removeDevice(projectName, placementName, role).then(onReload))}
          />
        ))}
      </ul>
      <FaultNote fault={task.fault} onReload={reload} />
      {isOpen ? (
        <AttributeForm
          key={placement.version}
          project={projectName}
          placement={placement}
          onDone={() => {
            setOpen(false);
            onReload();
          }}
          onReload={onReload}
        />
      ) : (
        <div class="device-actions">
          <button
            type="button"
            class="button-quiet"
            aria-label={`Change the attributes of ${placementName}`}
            onClick={() => setOpen(true)}
          >
            Change attributes
          </button>
          <Confirm
            text="Delete"
            label={`Delete ${placementName}`}
            question={`The place ${placementName} is gone for good then. Take its devices out first.`}
            yes="Delete the place"
            onYes={() => task.run(() => api.deletePlacement(projectName, placement).then(onReload))}
          />
        </div>
      )}
      <PlacementHistory project={projectName} placement={placement} />
    </article>
  );
}

function Attributes({ attributes }: { attributes: Readonly<Record<string, string>> }) {
  const entries = Object.entries(attributes);
  if (entries.length === 0) return null;
  return (
    <dl class="facts">
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface SlotProps {
  readonly role: string;
  readonly type: string;
  readonly placement: PlacementView;
  readonly things: readonly ThingView[];
  readonly task: Task;
  readonly onPlace: (device: string) => void;
  readonly onRemove: () => void;
}

/** One device of the place: who sits there, or a choice of those that are free. */
function Slot({ role, type, placement, things, task, onPlace, onRemove }: SlotProps) {
  const [device, setDevice] = useState('');
  const { placementName, devices } = placement;
  const sitting = devices[role];
  const label = `${role} of ${placementName}`;
  if (sitting !== undefined) {
    return (
      <li class="slot">
        <span class="slot-role">{role}</span>
        <strong>{sitting}</strong>
        <button
          type="button"
          class="button-quiet"
          aria-label={`Take ${sitting} out of ${placementName}`}
          onClick={onRemove}
        >
          Take out
        </button>
      </li>
    );
  }
  const free = freeFor(things, type);
  return (
    <li class="slot">
      <span class="slot-role">{role}</span>
      <select
        aria-label={`Device for ${label}`}
        value={device}
        onChange={(event) => setDevice(event.currentTarget.value)}
      >
        <option value="">{free.length === 0 ? 'no device is free' : 'choose a device …'}</option>
        {free.map((thing) => (
          <option key={thing.name} value={thing.name}>
            {thing.name} ({thing.type})
          </option>
        ))}
      </select>
      <button
        type="button"
        class="button-quiet"
        aria-label={`Put a device in as ${label}`}
        aria-disabled={device === '' || task.isBusy}
        onClick={() => device !== '' && onPlace(device)}
      >
        Put in
      </button>
    </li>
  );
}

/** Claimed and in no place; those of the very type first, since other types may be of the same kind. */
function freeFor(things: readonly ThingView[], type: string): ThingView[] {
  const free = things.filter(({ claim, placement }) => claim === 'CLAIMED' && placement === null);
  return free.sort((a, b) => Number(b.type === type) - Number(a.type === type));
}

interface AttributeFormProps {
  readonly project: string;
  readonly placement: PlacementView;
  readonly onDone: () => void;
  readonly onReload: () => void;
}

function AttributeForm({ project, placement, onDone, onReload }: AttributeFormProps) {
  const { api } = useStore();
  const [pairs, setPairs] = useState<readonly Pair[]>(
    Object.entries(placement.attributes).map(([key, value]) => ({ key, value })),
  );
  const [problem, setProblem] = useState('');
  const task = useTask();
  const submit = () => {
    const missing = pairsProblem(pairs);
    setProblem(missing);
    if (missing !== '') return;
    const change = changeOf(placement.attributes, recordOf(pairs));
    task.run(() => api.changePlacement(project, placement, change).then(onDone));
  };
  return (
    <Form
      label={`Attributes of ${placement.placementName}`}
      submit="Save"
      task={task}
      onSubmit={submit}
      onCancel={onDone}
      onReload={onReload}
    >
      <AttributeFields pairs={pairs} onChange={setPairs} problem={problem} />
    </Form>
  );
}
