import { Hono } from 'hono';
import type { EndpointRules } from '../adapters/http/post-webhook.ts';
import type { SenderDomains } from '../core/email/sender-domain.ts';
import type { SubmitDependencies } from '../core/email/submit.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import { absentRoutes } from './absent-routes.ts';
import { checkMethod, noEndpoint } from './allowed-methods.ts';
import { apiKeyRoutes } from './api-keys/routes.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { baseUrl } from './base-url.ts';
import { domainRoutes } from './domains/routes.ts';
import { attachmentDownloadRoutes, emailAttachmentRoutes } from './emails/attachments.ts';
import { emailRoutes } from './emails/routes.ts';
import { handleError } from './error-response.ts';
import { suppressionRoutes } from './suppressions/routes.ts';
import { unsubscribeRoutes } from './unsubscribe/routes.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export interface ApiDependencies extends SubmitDependencies {
  readonly log: Logger;
  readonly domains: SenderDomains;
  /** The AWS region in which it sends. */
  readonly region: string;
  /** Which endpoints webhooks may have; if absent, those of a deployment: https on the public internet. */
  readonly endpointRules?: EndpointRules;
}

/** The HTTP API, as a function from request to response. */
export function createApp(dependencies: ApiDependencies): Hono<Caller> {
  const { backend, now, newId, log, domains, region, endpointRules = { allowLocal: false } } = dependencies;
  const { table, broker } = backend;
  const publish = createPublish(backend, now);
  const app = new Hono<Caller>({ getPath });
  app.onError(handleError(log));
  app.notFound(() => {
    throw noEndpoint();
  });
  absentRoutes(app);
  app.use(checkMethod(() => app.routes));

  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.get('/openapi.json', async (context) =>
    context.json((await import('./openapi/document.ts')).openApi(baseUrl(context))),
  );

  app.route('/unsubscribe', unsubscribeRoutes(table, publish, now));

  app.route('/attachments', attachmentDownloadRoutes({ backend, now }));

  const signedIn = authenticate(table, now, log);
  for (const path of ['/emails', '/api-keys', '/suppressions', '/webhooks', '/domains']) app.use(`${path}/*`, signedIn);
  app.route('/emails', emailRoutes(dependencies, publish));
  app.route('/emails', emailAttachmentRoutes({ backend, now }));
  app.route('/api-keys', apiKeyRoutes({ table, domains, now }));
  app.route('/domains', domainRoutes(domains, region));
  app.route('/suppressions', suppressionRoutes(table, publish, now));
  app.route('/webhooks', webhookRoutes({ table, broker, endpointRules, now, newId }));

  return app;
}

/** SDKs that resolve a base URL with a trailing slash ask for `//emails`; a slash at the end means the same too. */
function getPath(request: Request): string {
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/');
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}
