import './inbox.css';
import { session } from '../../api/session.ts';
import { Page } from '../../parts/index.ts';

/** The mail that the local cloud has caught: the inbox's own page in a frame, which can also empty it. */
export function Inbox() {
  const inbox = session.value?.inbox;
  if (!inbox) return null;
  return (
    <Page
      title="Inbox"
      actions={
        <a class="button" href={inbox} target="_blank" rel="noreferrer">
          Open alone
        </a>
      }
    >
      <iframe class="inbox" title="Caught mail" src={inbox} />
    </Page>
  );
}
