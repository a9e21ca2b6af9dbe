/** Asks for the token when there is no session, and says where it is to be found. */
import { useState } from 'preact/hooks';
import { sentenceOf } from '../errors.js';
import { useStore } from '../state/hooks.js';
import { Logo } from './icons.js';
import { CommandLine } from './parts.js';

export function SignIn() {
  return (
    <main class="sign-in">
      <div class="card sign-in-card">
        <Logo />
        <h1>Sign in to Gatehouse</h1>
        <p>
          On the machine where Gatehouse runs, open a terminal and run this command. It prints a link; opening
          the link signs you in.
        </p>
        <CommandLine command="gatehouse dashboard" />
        <p>Or paste the token here, which is the part of the link after “token=”.</p>
        <TokenForm />
      </div>
    </main>
  );
}

function TokenForm() {
  const store = useStore();
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const isTaken = await store.signIn(tokenIn(token));
      if (!isTaken) setProblem('That token was not accepted. Copy it once more, whole.');
    } catch (error) {
      setProblem(sentenceOf(error));
    }
    setBusy(false);
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '' && !isBusy) void submit();
      }}
    >
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        spellcheck={false}
        required
        value={token}
        aria-invalid={problem !== null}
        aria-describedby="token-problem"
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <p id="token-problem" class="field-problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button-main" aria-disabled={isBusy}>
        {isBusy ? 'Signing in …' : 'Sign in'}
      </button>
    </form>
  );
}

/** People paste the whole link as often as the token. */
function tokenIn(text: string): string {
  const trimmed = text.trim();
  const match = /[?&]token=([^&#\s]+)/.exec(trimmed);
  return match?.[1] === undefined ? trimmed : decodeURIComponent(match[1]);
}
