/** One run in full. Its log is fetched when it is first shown and again when the run moves on. */
import { useEffect, useState } from 'preact/hooks';
import type { RunView } from '../../../../core/wire/api.js';
import { sentenceOf } from '../errors.js';
import { durationText, fullTime } from '../format/time.js';
import { causeWords, runWords } from '../format/words.js';
import { useStore } from '../state/hooks.js';

export function RunDetail({ run }: { run: RunView }) {
  const log = useRunLog(run);
  return (
    <section class="run" aria-label={`Run of ${run.functionName}`}>
      <dl class="run-facts">
        <Fact name="Action" value={run.functionName} />
        {run.source.kind !== 'click' && <Fact name="Cause" value={causeOf(run)} />}
        <Fact name="State" value={runWords[run.state]} />
        {run.startedAt !== null && <Fact name="Started" value={fullTime(Date.parse(run.startedAt))} />}
        {run.durationMs !== null && <Fact name="Duration" value={durationText(run.durationMs)} />}
        {run.attempt > 1 && <Fact name="Attempt" value={String(run.attempt)} />}
      </dl>
      {run.state === 'FAILED' && <RunAgain key={run.attempt} run={run} />}
      {/* Focusable, so that a long log can be scrolled with the keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard */}
      <section class="run-log" tabIndex={0} aria-label={`Log of ${run.functionName}`}>
        <pre>{log}</pre>
      </section>
    </section>
  );
}

/** Once per failure: a run that fails again comes back with a higher attempt, and with a fresh button. */
function RunAgain({ run }: { run: RunView }) {
  const { api } = useStore();
  const [said, setSaid] = useState<string | null>(null);
  const start = () => {
    setSaid('Starting …');
    api.replay(run.id).then(
      ({ runIds }) =>
        setSaid(runIds.length > 0 ? 'Started again.' : 'It is no longer in the list of failed runs.'),
      (error: unknown) => setSaid(sentenceOf(error)),
    );
  };
  return (
    <p class="run-again">
      {said === null ? (
        <button type="button" class="button-quiet" onClick={start}>
          Run again
        </button>
      ) : (
        <span role="status">{said}</span>
      )}
    </p>
  );
}

function causeOf({ source }: RunView): string {
  return source.kind === 'manual' ? causeWords.manual : `${causeWords[source.kind]} ${source.id}`;
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function useRunLog({ id, state, attempt }: RunView): string {
  const { api } = useStore();
  const [log, setLog] = useState('Loading the log …');
  useEffect(() => {
    let isCurrent = true;
    const show = (text: string) => {
      if (isCurrent) setLog(text);
    };
    api.run(id).then(
      (run) => show(run.log?.trimEnd() || 'This run has written nothing.'),
      (error: unknown) => show(sentenceOf(error)),
    );
    return () => {
      isCurrent = false;
    };
    // State and attempt are listed because they say that the log has grown.
  }, [api, id, state, attempt]);
  return log;
}
