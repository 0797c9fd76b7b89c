import { useSignal, useSignalEffect } from '@preact/signals';
import { mayAct, session, signOut } from './api/session.ts';
import { PAGES } from './pages.ts';
import { Action } from './parts/actions/action.tsx';
import { linkTo, route } from './router.ts';
import { Search } from './search.tsx';
import { nextTheme, theme } from './theme.ts';

/** The bar with all pages, the search field and the session; on narrow screens pages and session are in a menu. */
export function Navigation() {
  const open = useSignal(false);
  useSignalEffect(() => {
    void route.value;
    open.value = false;
  });
  const opened = session.value;
  return (
    <header class={open.value ? 'bar open' : 'bar'}>
      <button type="button" class="skip" onClick={toContent}>
        To the content
      </button>
      <a class="brand" href={linkTo('now')}>
        {opened?.deployment}
        <small>
          Sendoff {opened?.version}, {opened?.region}
        </small>
      </a>
      <button
        type="button"
        class="menu"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        Menu
      </button>
      <Search />
      <nav aria-label="Pages">
        {PAGES.filter(({ present }) => present?.() ?? true).map(({ name, title }) => (
          <a key={name} href={linkTo(name)} aria-current={route.value.page === name ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <div class="session">
        <span class="faint">
          {opened?.key_name}
          {!mayAct.value && ' (reads only)'}
        </span>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            theme.value = nextTheme(theme.value);
          }}
        >
          Theme: {theme.value}
        </button>
        <Action reading tone="quiet" label="Sign out" run={signOut} />
      </div>
    </header>
  );
}

function toContent(): void {
  document.querySelector<HTMLElement>('main h1')?.focus();
}
