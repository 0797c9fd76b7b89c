import { Badge, When } from '../../parts/index.ts';
import type { Webhook } from './answers.ts';

/** Whether an endpoint is enabled, and since when it fails. */
export function Health({ webhook: { status, failing_since } }: { webhook: Webhook }) {
  if (status === 'disabled' || failing_since === null) return <Badge status={status} />;
  return (
    <>
      <Badge status="failing" tone="bad" />{' '}
      <span class="faint">
        since <When iso={failing_since} absolute />
      </span>
    </>
  );
}
