import { type SubmitRequest, submitEmails } from '../../../../../functions/core/email/accept/submit.ts';
import { bodyKey, unpackBody } from '../../../../../functions/core/email/body.ts';
import { parseEmail } from '../../../../../functions/core/email/email.ts';
import { newId } from '../../../../../functions/core/ids.ts';
import type { Backend } from '../../../../../functions/core/ports/backend.ts';
import { plainEmail, type Simulation } from '../../../../helpers/sending-simulation.ts';

const RETENTION_MS = 30 * 86_400_000;

/** Submits emails as `POST /emails` and `POST /emails/batch` do; answers their ids. */
export const accept = async (
  simulation: Simulation,
  inputs: readonly Record<string, unknown>[],
  request: Partial<SubmitRequest> = {},
  backend: Backend = simulation.backend,
) => {
  const now = () => simulation.clock.nowMs;
  const whole = inputs.map((input) => ({ ...plainEmail, ...input }));
  const emails = await Promise.all(whole.map((input) => parseEmail(input, now())));
  const payload = JSON.stringify(whole);
  return submitEmails(
    { emails, payload, queue: 'transactional', keyId: 'key', ...request },
    { backend, now, newId, retentionMs: RETENTION_MS, metrics: simulation.metrics },
  );
};
/** The keys of all records. */
export const list = async ({ backend }: Simulation) =>
  (await backend.table.query({ index: 'list', partition: 'email', limit: 1_000, order: 'ascending' })).map(
    ({ key }) => key,
  );
/** The stored body of an email. */
export const bodyOf = async ({ backend, record }: Simulation, id: string) => {
  const bytes = await backend.bodies.get(bodyKey(id, (await record(id)).fingerprint));
  return bytes && unpackBody(bytes);
};
