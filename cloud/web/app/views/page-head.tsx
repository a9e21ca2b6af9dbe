/** The top of a page of its own: what it is, where it belongs, and its main button. */
import type { ComponentChildren } from 'preact';
import { listLimit } from '../api/project-calls.js';
import { countText } from '../format/counts.js';

export interface PageHeadProps {
  readonly title: string;
  /** To the page above this one. */
  readonly back?: { readonly href: string; readonly text: string };
  readonly aside?: ComponentChildren;
}

export function PageHead({ title, back, aside }: PageHeadProps) {
  return (
    <div class="page-head">
      {back !== undefined && (
        <a class="page-back" href={back.href}>
          ← {back.text}
        </a>
      )}
      <div class="section-head">
        <h2>{title}</h2>
        {aside}
      </div>
    </div>
  );
}

/** Says so where a list is longer than what was read of it. */
export function OnlyFirst({ count }: { count: number }) {
  if (count < listLimit) return null;
  return <p class="card-note page-more">Only the first {countText(count)} are shown.</p>;
}

/** Says that it loads, until there is something to show or something to say. */
export function Waiting() {
  return (
    <p class="card-note" aria-busy="true">
      Loading …
    </p>
  );
}
