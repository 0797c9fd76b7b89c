import { createSesMailer } from '../adapters/aws/ses-mailer.ts';
import { fetchFile } from '../adapters/http/fetch-file.ts';
import { composeMime } from '../adapters/mime/compose.ts';
import { createMemoryBudget } from '../core/email/memory-budget.ts';
import type { SendDependencies } from '../core/email/send.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Metrics } from '../core/ports/telemetry.ts';
import { createOutgoingHeaders } from '../core/suppression/unsubscribe-link.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import { required, requiredNumber } from './env.ts';

/** The dependencies of sending emails, from the environment. How long claims live depends on the function, which adds them. */
export function sendDependencies(backend: Backend, metrics: Metrics): Omit<SendDependencies, 'claims'> {
  const outgoingHeaders = createOutgoingHeaders(backend.table, required('PUBLIC_URL'));
  return {
    ...backend,
    mailer: createSesMailer(required('CONFIGURATION_SET')),
    compose: async (record, body, fetchMs, onSize) =>
      composeMime(
        record,
        { ...body, headers: await outgoingHeaders(record, body.headers) },
        fetchFile,
        fetchMs,
        onSize,
      ),
    // Lambda sets the variable.
    memory: createMemoryBudget(requiredNumber('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')),
    publish: createPublish(backend, Date.now),
    metrics,
  };
}
