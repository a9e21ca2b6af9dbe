/** One device with buttons: is it there, when was it last pressed, how long will it last, press it. */
import type { ClickView, ThingView } from '../../../../core/wire/api.js';
import { useSlice } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { LifeBar } from './life-bar.js';
import { OutputControls } from './output-control.js';
import { Ago, Badge, CommandLine } from './parts.js';
import { PressControl } from './press-control.js';

export interface ThingCardProps {
  readonly thing: ThingView;
  readonly lastClick: ClickView | undefined;
}

const shortWords: Record<ClickView['clickType'], string> = {
  SINGLE: 'Single',
  DOUBLE: 'Double',
  LONG: 'Long',
};

export function ThingCard({ thing, lastClick }: ThingCardProps) {
  return (
    <article class="card thing" aria-labelledby={`thing-${thing.name}`}>
      <header class="card-head">
        <div>
          <h3 id={`thing-${thing.name}`}>{thing.name}</h3>
          <p class="card-note">{placementText(thing)}</p>
        </div>
        <ThingState thing={thing} />
      </header>
      <AlarmMark thing={thing.name} />
      <dl class="facts">
        <div>
          <dt>Last press</dt>
          <dd>
            {lastClick === undefined ? (
              'Not pressed yet'
            ) : (
              <>
                {shortWords[lastClick.clickType]}, <Ago time={lastClick.receivedAt} />
              </>
            )}
          </dd>
        </div>
        <RemainingLife percent={thing.remainingLife} />
      </dl>
      <Controls thing={thing} />
      <OutputControls thing={thing} />
    </article>
  );
}

const selectAlarms = (state: State) => state.data.alarms;

/** That something is the matter with a device, and what. */
export function AlarmMark({ thing }: { thing: string }) {
  const own = useSlice(selectAlarms).filter(({ subject, state }) => subject === thing && state === 'ALARM');
  const [first] = own;
  if (first === undefined) return null;
  return (
    <p title={own.map(({ reason }) => reason).join(' ')}>
      <Badge tone="bad" icon="warning">
        <a href="#alarms">{first.rule}</a>
      </Badge>
    </p>
  );
}

function placementText({ placement }: ThingView): string {
  if (placement === null) return 'In no project';
  return `${placement.projectName} · ${placement.placementName}`;
}

export function ThingState({ thing }: { thing: ThingView }) {
  if (!thing.enabled) return <Badge tone="calm">Disabled</Badge>;
  if (thing.online) return <Badge tone="good">Online</Badge>;
  return (
    <span class="card-state">
      <Badge tone="calm">Offline</Badge>
      {thing.lastSeen !== null && (
        <small>
          seen <Ago time={thing.lastSeen} />
        </small>
      )}
    </span>
  );
}

function RemainingLife({ percent }: { percent: number | null }) {
  if (percent === null) return null;
  return (
    <div>
      <dt>Remaining life</dt>
      <dd>
        <LifeBar percent={percent} />
      </dd>
    </div>
  );
}

function Controls({ thing }: { thing: ThingView }) {
  if (thing.buttons.length === 0) {
    return (
      <div class="thing-setup">
        <p>Not connected yet. This makes the token with which the device signs up:</p>
        <CommandLine command={`gatehouse device claim-token ${thing.name}`} />
      </div>
    );
  }
  const named = thing.buttons.length > 1;
  return (
    <>
      {thing.buttons.map((button) => (
        <PressControl key={button.name} thing={thing} button={button} isNamed={named} />
      ))}
    </>
  );
}
