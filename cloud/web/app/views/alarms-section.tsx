/** What is the matter and what to do about it; the rules; a form for a new one. */
import { useState } from 'preact/hooks';
import type { AlarmRuleView, AlarmView } from '../../../../core/wire/alarms.js';
import { sentenceOf } from '../errors.js';
import { useSlice, useStore } from '../state/hooks.js';
import type { State } from '../state/store.js';
import { AlarmForm } from './alarm-form.js';
import { Ago, Badge, Section } from './parts.js';

const selectAlarms = (state: State) => state.data.alarms;
const selectRules = (state: State) => state.data.alarmRules;
const snoozeMs = 3_600_000;

export function AlarmsSection() {
  const all = useSlice(selectAlarms);
  const rules = useSlice(selectRules);
  const [isOpen, setOpen] = useState(false);
  const alarms = [...all].filter(({ state }) => state !== 'OK').sort(byUrgency);
  const button = (
    <button type="button" class="button-quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
      {isOpen ? 'Close' : 'New rule'}
    </button>
  );
  return (
    <Section id="alarms" title="Alarms" aside={button}>
      {isOpen && <AlarmForm onDone={() => setOpen(false)} />}
      <div class="card alarms">
        {alarms.length === 0 ? (
          <p class="alarms-calm">
            <Badge tone="good">All well</Badge>
            {rules.length === 0
              ? 'No rules yet: make one to be told when a device goes silent or nears the end of its life.'
              : 'Nothing is the matter.'}
          </p>
        ) : (
          <ul class="alarm-list">
            {alarms.map((alarm) => (
              <AlarmRow key={`${alarm.rule}/${alarm.subject}`} alarm={alarm} />
            ))}
          </ul>
        )}
        {rules.length > 0 && <Rules rules={rules} />}
      </div>
    </Section>
  );
}

function byUrgency(a: AlarmView, b: AlarmView): number {
  return a.state.localeCompare(b.state) || Date.parse(b.since) - Date.parse(a.since);
}

function AlarmRow({ alarm }: { alarm: AlarmView }) {
  const store = useStore();
  const isAlarm = alarm.state === 'ALARM';
  return (
    <li class="alarm-row">
      <Badge tone={isAlarm ? 'bad' : 'warn'} icon="warning">
        {isAlarm ? 'Alarm' : 'Pending'}
      </Badge>
      <div class="alarm-text">
        <p class="alarm-reason">{alarm.reason}</p>
        <p class="card-note">{alarm.advice}</p>
        <p class="card-note">
          {alarm.rule}, since <Ago time={alarm.since} />
          {alarm.acknowledgedAt !== null && ', acknowledged'}
          {alarm.snoozedUntil !== null && ', quiet for a while'}
        </p>
      </div>
      {isAlarm && (
        <div class="alarm-actions">
          {alarm.acknowledgedAt === null && (
            <button type="button" class="button-quiet" onClick={() => void store.acknowledge(alarm)}>
              I know
            </button>
          )}
          {alarm.snoozedUntil === null && (
            <button type="button" class="button-quiet" onClick={() => void store.snooze(alarm, snoozeMs)}>
              Quiet for an hour
            </button>
          )}
        </div>
      )}
    </li>
  );
}

function Rules({ rules }: { rules: readonly AlarmRuleView[] }) {
  const store = useStore();
  const [problem, setProblem] = useState('');
  const remove = (name: string) => {
    store.deleteAlarmRule(name).then(
      () => setProblem(''),
      (error: unknown) => setProblem(sentenceOf(error)),
    );
  };
  return (
    <details class="alarm-rules">
      <summary>{rules.length === 1 ? 'One rule' : `${rules.length} rules`}</summary>
      <ul>
        {rules.map((rule) => (
          <li key={rule.name}>
            <span>{rule.name}</span>
            <small>
              {rule.actions.length === 0 ? 'shown here only' : `tells ${rule.actions.join(', ')}`}
            </small>
            {rule.origin === 'api' && (
              <button
                type="button"
                class="button-quiet"
                aria-label={`Delete the rule ${rule.name}`}
                onClick={() => remove(rule.name)}
              >
                Delete
              </button>
            )}
          </li>
        ))}
      </ul>
      <p class="field-problem" role="alert">
        {problem}
      </p>
    </details>
  );
}
