import './emails.css';
import type { Route } from '../../router.ts';
import { EmailList } from './list/email-list.tsx';
import { EmailPage } from './one-email/email-page.tsx';

/** Page Emails: the list, or one email at `#/emails/ID`. */
export function Emails({ path, query }: Route) {
  const [id] = path;
  return id === undefined ? <EmailList query={query} /> : <EmailPage key={id} id={id} query={query} />;
}
