import { useLayoutEffect } from 'preact/hooks';
import { sessionEnded, slow } from './api/request.ts';
import { session } from './api/session.ts';
import { KeyboardHelp, useKeyboard } from './keyboard.tsx';
import { Navigation } from './navigation.tsx';
import { SignIn, SignInForm } from './pages/sign-in/index.tsx';
import { PAGES } from './pages.ts';
import { Dialog, EmptyState, Page } from './parts/index.ts';
import { Notifications } from './parts/page/notice.tsx';
import { linkTo, returned, route } from './router.ts';

/** The console: sign-in, or the frame with the page of the route. */
export function App() {
  useKeyboard();
  if (session.value === undefined) return <p class="unseen">Loading…</p>;
  if (session.value === null) return <SignIn />;
  return (
    <div class="frame">
      <Navigation />
      <main id="main">
        <CurrentPage />
      </main>
      <Notifications />
      {slow.value && (
        <p class="slow" role="status">
          The API takes long to answer…
        </p>
      )}
      <KeyboardHelp />
      {sessionEnded.value && (
        // The page stays behind it: nothing that was typed is lost.
        <Dialog title="Your session has ended" onClose={leave}>
          <SignInForm />
        </Dialog>
      )}
    </div>
  );
}

function leave(): void {
  session.value = null;
  sessionEnded.value = false;
}

function CurrentPage() {
  const shown = route.value;
  const place = [shown.page, ...shown.path].join('/');
  useLayoutEffect(() => {
    const { scrolled = 0, from } = returned.peek() ?? {};
    scrollTo(0, scrolled);
    // The element with the focus is gone with the page before.
    if (document.activeElement !== document.body) return;
    const row = [...document.querySelectorAll<HTMLElement>('main [data-row] a')].find(
      (link) => link.getAttribute('href') === from,
    );
    (row ?? document.querySelector<HTMLElement>('main h1'))?.focus({ preventScroll: true });
  }, [place]);
  const page = PAGES.find(({ name, present }) => name === shown.page && (present?.() ?? true));
  if (page) return <page.component key={page.name} {...shown} />;
  return (
    <Page title="Not found">
      <EmptyState title={`There is no page “${shown.page}” here`}>
        <a href={linkTo('now')}>Go to Now</a>
      </EmptyState>
    </Page>
  );
}
