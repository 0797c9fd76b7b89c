import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { api } from '../../../api/request.ts';
import { FormDialog, Input, notify, TextArea } from '../../../parts/index.ts';
import { goToFromHere, linkTo } from '../../../router.ts';

/** Addresses at which SES plays what the name says, without harm to the reputation. */
const SIMULATORS = ['success', 'bounce', 'complaint', 'ooto', 'suppressionlist'].map(
  (name) => `${name}@simulator.amazonses.com`,
);
const SAMPLE = `<h1>It works</h1>
<p>This email was accepted by Sendoff, waited on a queue and was sent by Amazon SES.</p>`;
const FROM_KEY = 'sendoff.test-from';

/** Sends one email and shows it. */
export function SendTest({ onClose }: { onClose: () => void }) {
  const from = useSignal(localStorage.getItem(FROM_KEY) ?? '');
  const to = useSignal(SIMULATORS[0] ?? '');
  const subject = useSignal('A test from the console');
  const html = useSignal(SAMPLE);
  const domains = useSignal<readonly string[]>([]);
  useEffect(() => {
    api<{ data: readonly { name: string; status: string }[] }>('GET', '/domains').then(
      ({ data }) => {
        domains.value = data.filter(({ status }) => status === 'verified').map(({ name }) => `test@${name}`);
        from.value ||= domains.value[0] ?? '';
      },
      // Only suggestions are missing then.
      () => {},
    );
  }, [domains, from]);
  const send = async () => {
    const go = goToFromHere();
    const fields = { from: from.value, to: to.value, subject: subject.value, html: html.value };
    const { id } = await api<{ id: string }>('POST', '/emails', {
      ...fields,
      tags: [{ name: 'console', value: 'test' }],
    });
    localStorage.setItem(FROM_KEY, from.value);
    notify('The email was accepted.');
    go(linkTo('emails', id));
  };
  return (
    <FormDialog title="Send a test email" submit="Send" onSubmit={send} onClose={onClose}>
      <Input
        label="From"
        value={from}
        required
        options={domains.value}
        placeholder="Name <name@example.com>"
        hint="A sender that SES has verified."
      />
      <Input
        label="To"
        value={to}
        required
        options={SIMULATORS}
        hint="The addresses at simulator.amazonses.com play a delivery, a bounce or a complaint."
      />
      <Input label="Subject" value={subject} required maxLength={998} />
      <TextArea label="HTML" value={html} code rows={7} />
    </FormDialog>
  );
}
