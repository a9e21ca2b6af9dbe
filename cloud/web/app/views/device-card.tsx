/** One device with what can be done to it: enable, claim, give up, replace. */
import { useState } from 'preact/hooks';
import type { ThingView } from '../../../../core/wire/api.js';
import { useStore } from '../state/hooks.js';
import { linkTo } from '../state/route.js';
import { type Task, useTask } from '../state/tasks.js';
import { Confirm, FaultNote, Form, SelectField } from './forms.js';
import { LifeBar } from './life-bar.js';
import { Badge, CommandLine } from './parts.js';
import { ThingState } from './thing-card.js';

export interface DeviceCardProps {
  readonly thing: ThingView;
  /** Among which its successor is. */
  readonly things: readonly ThingView[];
}

export function DeviceCard({ thing, things }: DeviceCardProps) {
  const store = useStore();
  const task = useTask();
  const reload = () => {
    task.clear();
    void store.loadThings();
  };
  return (
    <article class="card device" aria-labelledby={`device-${thing.name}`}>
      <header class="card-head">
        <div>
          <h3 id={`device-${thing.name}`}>{thing.name}</h3>
          <p class="card-note">{thing.type}</p>
        </div>
        {thing.claim === 'CLAIMED' ? <ThingState thing={thing} /> : <ClaimState claim={thing.claim} />}
      </header>
      <dl class="facts">
        <div>
          <dt>Place</dt>
          <dd>
            <Place thing={thing} />
          </dd>
        </div>
        {thing.remainingLife !== null && (
          <div>
            <dt>Remaining life</dt>
            <dd>
              <LifeBar percent={thing.remainingLife} />
            </dd>
          </div>
        )}
      </dl>
      {thing.claim === 'CLAIMED' ? (
        <OwnedActions thing={thing} things={things} task={task} />
      ) : (
        <ClaimActions thing={thing} task={task} />
      )}
      <FaultNote fault={task.fault} onReload={reload} />
    </article>
  );
}

function Place({ thing: { placement } }: { thing: ThingView }) {
  if (placement === null) return <>In no project</>;
  const { projectName, placementName } = placement;
  return (
    <a href={linkTo('projects', projectName)}>
      {projectName} · {placementName}
    </a>
  );
}

function ClaimState({ claim }: Pick<ThingView, 'claim'>) {
  return claim === 'CLAIM_INITIATED' ? (
    <Badge tone="busy">Claim begun</Badge>
  ) : (
    <Badge tone="calm">Not claimed</Badge>
  );
}

function ClaimActions({ thing, task }: { thing: ThingView; task: Task }) {
  const { api } = useStore();
  const { name } = thing;
  if (thing.claim !== 'CLAIM_INITIATED') {
    return (
      <div class="device-actions">
        <p class="card-note">Nobody owns it yet. Claim it to enable it and to give it a place.</p>
        <button
          type="button"
          class="button-quiet"
          aria-label={`Claim ${name}`}
          onClick={() => task.run(() => api.initiateClaim(name))}
        >
          Claim
        </button>
      </div>
    );
  }
  return (
    <div class="device-actions">
      <p class="card-note">Press its button once, so that it is known to be yours; then finish.</p>
      <button
        type="button"
        class="button-quiet"
        aria-label={`Finish the claim of ${name}`}
        onClick={() => task.run(() => api.finalizeClaim(name))}
      >
        Finish the claim
      </button>
      <button
        type="button"
        class="button-quiet"
        aria-label={`Give up the claim of ${name}`}
        onClick={() => task.run(() => api.unclaim(name))}
      >
        Give up
      </button>
    </div>
  );
}

interface OwnedProps extends DeviceCardProps {
  readonly task: Task;
}

function OwnedActions({ thing, things, task }: OwnedProps) {
  const { api } = useStore();
  const [isReplacing, setReplacing] = useState(false);
  const { name, enabled } = thing;
  return (
    <>
      {thing.certificates.length === 0 && <SignUp name={name} task={task} />}
      <div class="device-actions">
        <button
          type="button"
          class="button-quiet"
          aria-label={`${enabled ? 'Disable' : 'Enable'} ${name}`}
          onClick={() => task.run(() => api.setEnabled(thing, !enabled))}
        >
          {enabled ? 'Disable' : 'Enable'}
        </button>
        {thing.placement !== null && (
          <button
            type="button"
            class="button-quiet"
            aria-label={`Replace ${name}`}
            aria-expanded={isReplacing}
            onClick={() => setReplacing(!isReplacing)}
          >
            Replace
          </button>
        )}
        {thing.remainingLife !== null && (
          <Confirm
            text="New battery"
            label={`${name} has a new battery`}
            question={`Its remaining life begins again at 100 %. Does ${name} have a new battery?`}
            yes="Yes, it has"
            onYes={() => task.run(() => api.batteryReplaced(name))}
          />
        )}
        <Confirm
          text="Give up"
          label={`Give up ${name}`}
          question={`${name} leaves its place and runs nothing any more, until somebody claims it again.`}
          yes="Give it up"
          onYes={() => task.run(() => api.unclaim(name))}
        />
      </div>
      {isReplacing && <Successor thing={thing} things={things} onDone={() => setReplacing(false)} />}
    </>
  );
}

/** The token with which a device that has never been connected signs up. */
function SignUp({ name, task }: { name: string; task: Task }) {
  const { api } = useStore();
  const [token, setToken] = useState('');
  if (token !== '') {
    return (
      <div class="device-token">
        <p class="card-note">Give the device this token, soon: it is shown once and does not last.</p>
        <CommandLine command={token} />
      </div>
    );
  }
  return (
    <div class="device-actions">
      <p class="card-note">It has never been connected.</p>
      <button
        type="button"
        class="button-quiet"
        aria-label={`Make a sign-up token for ${name}`}
        onClick={() => task.run(async () => setToken((await api.createClaimToken(name)).claimToken))}
      >
        Sign-up token
      </button>
    </div>
  );
}

function Successor({ thing, things, onDone }: DeviceCardProps & { onDone: () => void }) {
  const store = useStore();
  const task = useTask();
  const [by, setBy] = useState('');
  const [problem, setProblem] = useState('');
  const free = things.filter(({ claim, placement }) => claim === 'CLAIMED' && placement === null);
  const options = [
    ['', free.length === 0 ? 'no device is free' : 'choose …'] as const,
    ...free.map(({ name, type }) => [name, `${name} (${type})`] as const),
  ];
  const submit = () => {
    setProblem(by === '' ? 'Choose the device that takes its place.' : '');
    if (by !== '') task.run(() => store.api.replaceThing(thing.name, by).then(onDone));
  };
  return (
    <Form
      label={`Replace ${thing.name}`}
      submit="Replace it"
      task={task}
      onSubmit={submit}
      onCancel={onDone}
      onReload={() => {
        task.clear();
        void store.loadThings();
      }}
    >
      <SelectField
        label="New device"
        note="It takes over place and settings; the old one stays yours, disabled."
        value={by}
        options={options}
        problem={problem}
        onChange={setBy}
      />
    </Form>
  );
}
