import { version } from '../../core/version.ts';
import { apiKeyPaths } from '../api-keys/openapi.ts';
import { attachmentPaths } from '../attachments/openapi.ts';
import { broadcastPaths } from '../broadcasts/openapi.ts';
import { clockPaths } from '../clocks/openapi.ts';
import { consolePaths } from '../console/openapi.ts';
import { contactImportPaths } from '../contact-imports/openapi.ts';
import { contactPropertyPaths } from '../contact-properties/openapi.ts';
import { contactPaths } from '../contacts/openapi.ts';
import { deadLetterPaths } from '../dead-letters/openapi.ts';
import { domainPaths } from '../domains/openapi.ts';
import { emailComponent, emailPaths } from '../emails/openapi.ts';
import { metricsPaths } from '../metrics/openapi.ts';
import { runGroupPaths } from '../run-groups/openapi.ts';
import { runPaths } from '../runs/openapi.ts';
import { segmentPaths } from '../segments/openapi.ts';
import { statusPaths } from '../status/openapi.ts';
import { suppressionPaths } from '../suppressions/openapi.ts';
import { taskPaths } from '../tasks/openapi.ts';
import { templatePaths } from '../templates/openapi.ts';
import { topicPaths } from '../topics/openapi.ts';
import { unsubscribePaths } from '../unsubscribe/openapi.ts';
import { webhookPaths } from '../webhooks/openapi.ts';
import { errorResponses, withErrors } from './errors.ts';
import { object, operation, type Schema } from './parts.ts';

/** The API's description in OpenAPI 3.1, from the same schemas that validate requests; `console`: with the paths of the web console. */
export function openApi(serverUrl: string, { console }: { readonly console: boolean }): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sendoff',
      version,
      license: { name: 'MIT', identifier: 'MIT' },
      description:
        'Accepts e-mail at once and sends it after. Wire-compatible with Resend. A method that a path does not have is answered 405, with the header `Allow`.',
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    paths: withErrors({
      ...emailPaths(),
      ...metricsPaths(),
      ...statusPaths(),
      ...attachmentPaths(),
      ...apiKeyPaths(),
      ...broadcastPaths(),
      ...deadLetterPaths(),
      ...domainPaths(),
      ...suppressionPaths(),
      ...webhookPaths(),
      ...templatePaths(),
      ...contactImportPaths(),
      ...contactPaths(),
      ...segmentPaths(),
      ...topicPaths(),
      ...contactPropertyPaths(),
      ...taskPaths(),
      ...runPaths(),
      ...clockPaths(),
      ...runGroupPaths(),
      ...unsubscribePaths(),
      ...(console ? consolePaths() : {}),
      '/health': {
        get: { ...operation('health', 'Is the API there', object({ status: { const: 'ok' } })), security: [] },
      },
      '/openapi.json': { get: { ...operation('openApi', 'This description', { type: 'object' }), security: [] } },
    }),
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } },
      schemas: { Email: emailComponent() },
      responses: errorResponses,
    },
  };
}
