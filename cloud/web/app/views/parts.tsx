/** Small parts that several sections share. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fullTime, timeSince } from '../format/time.js';
import { useNow, useStore } from '../state/hooks.js';
import { Icon, type IconName } from './icons.js';

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'calm';

/** A state in a word with a mark, so that it does not hang on colour. */
export function Badge({
  tone,
  icon,
  children,
}: {
  tone: Tone;
  icon?: IconName;
  children: ComponentChildren;
}) {
  return (
    <span class={`badge badge-${tone}`}>
      {icon === undefined ? <span class="dot" aria-hidden="true" /> : <Icon name={icon} />}
      {children}
    </span>
  );
}

/** How long ago something happened, kept fresh; the full date is its title. */
export function Ago({ time }: { time: string }) {
  const now = useNow(5_000);
  const ms = Date.parse(time);
  return (
    <time dateTime={time} title={fullTime(ms)}>
      {timeSince(ms, now)}
    </time>
  );
}

export interface SectionProps {
  readonly id: string;
  readonly title: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Section({ id, title, aside, children }: SectionProps) {
  return (
    <section id={id} class="section" aria-labelledby={`${id}-title`}>
      <div class="section-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

export interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  readonly children: ComponentChildren;
}

/** What stands where there is nothing yet: why, and what to do next. */
export function Empty({ icon, title, children }: EmptyProps) {
  return (
    <div class="empty">
      <span class="empty-mark">
        <Icon name={icon} />
      </span>
      <div class="empty-text">
        <h3>{title}</h3>
        {children}
      </div>
    </div>
  );
}

/** A command to run, with a button that copies it where the browser allows that. */
export function CommandLine({ command }: { command: string }) {
  const { clock } = useStore();
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = clock.after(2_000, () => setCopied(false));
    return () => timer.cancel();
  }, [clock, isCopied]);
  const copy = () => {
    navigator.clipboard.writeText(command).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <div class="command">
      <code>{command}</code>
      {/* Browsers offer the clipboard over HTTPS and on localhost only. */}
      {isSecureContext && (
        <button type="button" class="command-copy" onClick={copy} aria-label={`Copy: ${command}`}>
          <Icon name={isCopied ? 'check' : 'copy'} />
          <span aria-hidden="true">{isCopied ? 'Copied' : 'Copy'}</span>
        </button>
      )}
    </div>
  );
}

/** A choice of a few, as radio buttons in one row. */
export interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly name: string;
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, name, options, value, onChange }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend class="visually-hidden">{label}</legend>
      {options.map(([option, text]) => (
        <label key={option} class="choice-option">
          <input
            type="radio"
            name={name}
            value={option}
            checked={option === value}
            onChange={() => onChange(option)}
          />
          <span>{text}</span>
        </label>
      ))}
    </fieldset>
  );
}
