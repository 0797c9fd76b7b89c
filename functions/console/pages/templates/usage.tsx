import { Code, Notice, Section } from '../../parts/index.ts';
import type { Template } from './answers.ts';

/** The request that sends it. */
export function Usage({ template: { id, alias, from, subject, variables, status } }: { template: Template }) {
  const values = variables.map(({ key, type, fallback_value }) => [
    key,
    fallback_value ?? (type === 'number' ? 1 : '…'),
  ]);
  const body = {
    ...(from ? {} : { from: 'Shop <shop@example.com>' }),
    to: 'ada@example.org',
    ...(subject ? {} : { subject: 'Hello' }),
    template: { id: alias ?? id, variables: Object.fromEntries(values) },
  };
  const required = variables.filter(({ fallback_value }) => fallback_value === null).map(({ key }) => key);
  return (
    <Section title="POST /emails">
      {status === 'draft' && <Notice tone="warn">It must be published first.</Notice>}
      <Code label="Request" text={body} />
      {required.length > 0 && (
        <p class="faint">
          Without a value and a fallback in the text, the request is refused: <code>{required.join(', ')}</code>.
        </p>
      )}
    </Section>
  );
}
