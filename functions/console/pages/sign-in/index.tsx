import { useSignal } from '@preact/signals';
import type { ApiError } from '../../api/request.ts';
import { sessionError, signIn } from '../../api/session.ts';
import { ErrorNotice, Input } from '../../parts/index.ts';

/** The form that exchanges an API key for a session. */
export function SignInForm() {
  const key = useSignal('');
  const busy = useSignal(false);
  const error = useSignal<ApiError | undefined>(undefined);
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    error.value = undefined;
    try {
      await signIn(key.value.trim());
    } catch (failure) {
      error.value = failure as ApiError;
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="sign-in" onSubmit={submit}>
      <Input
        label="API key"
        type="password"
        value={key}
        required
        autoFocus
        code
        placeholder="re_…"
        autoComplete="current-password"
        error={error.value?.message}
        hint="A key with full_access or read_access. It is not kept in the browser."
      />
      <button type="submit" class="primary" disabled={busy.value}>
        {busy.value ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}

/** The page before a session. */
export function SignIn() {
  return (
    <main class="sign-in-page">
      <h1>Sendoff</h1>
      {sessionError.value && <ErrorNotice error={sessionError.value} retry={() => location.reload()} />}
      <SignInForm />
      <p class="faint">
        No key yet? Create one: <code>npx sendoff keys create console</code>
      </p>
    </main>
  );
}
