import { batch, computed, signal } from '@preact/signals';
import type { sessionView } from '../../api/console/session.ts';
import { forgetAnswers } from './answers.ts';
import { forgetLists } from './pages.ts';
import { ApiError, api, sessionEnded } from './request.ts';

/** `GET /console/session`. */
type Session = ReturnType<typeof sessionView>;

/** undefined: not known yet; null: signed out. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the session could not be opened, if the reason is not a missing sign-in. */
export const sessionError = signal<ApiError | undefined>(undefined);
/** Whether the session may change anything; parts that change things are absent otherwise. */
export const mayAct = computed(() => session.value?.permission === 'full_access');

/** Opens the console: with the key in the address (`#key=…`, which is removed at once) or with the cookie of an earlier sign-in. */
export async function openSession(): Promise<void> {
  const key = /^#key=(.+)$/.exec(location.hash)?.[1];
  try {
    if (key === undefined) return keep(await api<Session>('GET', '/console/session'));
    history.replaceState(null, '', '#/');
    dispatchEvent(new PopStateEvent('popstate'));
    await signIn(decodeURIComponent(key));
  } catch (error) {
    batch(() => {
      session.value = null;
      sessionError.value = error instanceof ApiError && error.status !== 401 ? error : undefined;
    });
  }
}

/** Exchanges an API key for a session. Throws an ApiError: 401 unknown key, 403 key without access, 429 too many attempts. */
export async function signIn(key: string): Promise<void> {
  keep(await api<Session>('POST', '/console/session', { key }));
}

/** Ends the session here and in the browser's cookies. */
export async function signOut(): Promise<void> {
  await api('DELETE', '/console/session');
  forgetAnswers();
  forgetLists();
  session.value = null;
}

function keep(opened: Session): void {
  batch(() => {
    session.value = opened;
    sessionError.value = undefined;
    sessionEnded.value = false;
  });
}
