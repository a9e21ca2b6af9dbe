/** Parts of forms: a label and a problem for every field, questions before what cannot be undone. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Fault } from '../errors.js';
import type { Task } from '../state/tasks.js';
import { Icon } from './icons.js';

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What may be written here. */
  readonly note?: string;
  /** Empty for none. */
  readonly problem?: string;
}

interface TextFieldProps extends FieldProps {
  /** Not shown while it is written. */
  readonly isSecret?: boolean;
  readonly maxLength?: number;
}

export function TextField(props: TextFieldProps) {
  const { label, value, onChange, note, problem = '', isSecret = false, maxLength } = props;
  const id = useId();
  const shared = {
    id,
    value,
    ...(maxLength !== undefined && { maxLength }),
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
    'aria-invalid': problem !== '',
    'aria-describedby': `${id}-note ${id}-problem`,
    onInput: (event: { currentTarget: { value: string } }) => onChange(event.currentTarget.value),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {isSecret ? <input {...shared} type="password" /> : <input {...shared} type="text" />}
      <Notes id={id} note={note} problem={problem} />
    </div>
  );
}

interface SelectFieldProps extends FieldProps {
  readonly options: readonly (readonly [value: string, text: string])[];
}

export function SelectField({ label, value, onChange, options, note, problem = '' }: SelectFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-invalid={problem !== ''}
        aria-describedby={`${id}-note ${id}-problem`}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      <Notes id={id} note={note} problem={problem} />
    </div>
  );
}

function Notes({ id, note, problem }: { id: string; note: string | undefined; problem: string }) {
  return (
    <>
      {note !== undefined && (
        <p id={`${id}-note`} class="card-note">
          {note}
        </p>
      )}
      <p id={`${id}-problem`} class="field-problem" role="alert">
        {problem}
      </p>
    </>
  );
}

/** What went wrong with a task; what is out of date can be loaded again at once. */
export function FaultNote({ fault, onReload }: { fault: Fault | undefined; onReload?: () => void }) {
  return (
    <div class="fault-note" role="alert">
      {fault !== undefined && (
        <div class="problem problem-row">
          <Icon name="warning" />
          <p>{fault.sentence}</p>
          {fault.isStale && onReload !== undefined && (
            <button type="button" class="button-quiet" onClick={onReload}>
              Load again
            </button>
          )}
        </div>
      )}
    </div>
  );
}

export interface FormProps {
  readonly label: string;
  readonly submit: string;
  readonly task: Task;
  /** What went wrong with the task is told at a field. */
  readonly isToldAtField?: boolean;
  readonly onSubmit: () => void;
  readonly onCancel?: () => void;
  readonly onReload?: () => void;
  readonly children: ComponentChildren;
}

/** A card with fields, one button that does it, and what went wrong above that button. */
export function Form(props: FormProps) {
  const { label, submit, task, isToldAtField = false, onSubmit, onCancel, onReload, children } = props;
  const fault = isToldAtField ? undefined : task.fault;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select')?.focus(), []);
  return (
    <form
      ref={form}
      class="card form"
      aria-label={label}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <h3>{label}</h3>
      {children}
      <FaultNote fault={fault} {...(onReload !== undefined && { onReload })} />
      <div class="form-buttons">
        <button type="submit" class="button-main" aria-disabled={task.isBusy}>
          {submit}
        </button>
        {onCancel !== undefined && (
          <button type="button" class="button-quiet" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

export interface ConfirmProps {
  /** What the button says, and for screen readers what it is about. */
  readonly text: string;
  readonly label: string;
  readonly question: string;
  readonly yes: string;
  readonly onYes: () => void;
  readonly children?: ComponentChildren;
}

/** A button that asks before it does what cannot be undone. */
export function Confirm({ text, label, question, yes, onYes, children }: ConfirmProps) {
  const [isAsking, setAsking] = useState(false);
  const no = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isAsking) no.current?.focus();
  }, [isAsking]);
  if (!isAsking) {
    return (
      <button type="button" class="button-quiet" aria-label={label} onClick={() => setAsking(true)}>
        {text}
      </button>
    );
  }
  return (
    <fieldset class="confirm" aria-label={label}>
      <p>{question}</p>
      {children}
      <div class="form-buttons">
        <button
          type="button"
          class="button-danger"
          onClick={() => {
            setAsking(false);
            onYes();
          }}
        >
          {yes}
        </button>
        <button ref={no} type="button" class="button-quiet" onClick={() => setAsking(false)}>
          Keep it
        </button>
      </div>
    </fieldset>
  );
}
