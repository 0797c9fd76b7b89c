import { setTimeout as wait } from 'node:timers/promises';
import { Hono } from 'hono';
import type { EndpointRules } from '../adapters/http/post-webhook.ts';
import { countUnsubscribe } from '../core/broadcast/counting/progress.ts';
import { createWriters } from '../core/document/writers.ts';
import type { SenderDomains } from '../core/email/accept/sender-domain.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import type { Operations } from '../runtime/operations/operations.ts';
import { apiKeyRoutes } from './api-keys/routes.ts';
import { attachmentDownloadRoutes, emailAttachmentRoutes } from './attachments/routes.ts';
import { authenticate, type Caller } from './authenticate.ts';
import { baseUrl } from './base-url.ts';
import { broadcastListRoutes } from './broadcasts/lists.ts';
import { type BroadcastRouteDependencies, broadcastRoutes } from './broadcasts/routes.ts';
import { checkMethod, noEndpoint } from './check-method.ts';
import { clockRoutes } from './clocks/routes.ts';
import { conditional } from './conditional.ts';
import type { ConsoleFiles } from './console/files.ts';
import { consoleRoutes } from './console/routes.ts';
import { contactImportRoutes } from './contact-imports/routes.ts';
import { contactPropertyRoutes } from './contact-properties/routes.ts';
import { contactRoutes } from './contacts/routes.ts';
import { deadLetterRoutes } from './dead-letters/routes.ts';
import { domainRoutes } from './domains/routes.ts';
import { emailRoutes } from './emails/routes.ts';
import { handleError } from './error-response.ts';
import { metricsRoutes } from './metrics/routes.ts';
import { runGroupRoutes } from './run-groups/routes.ts';
import { runRoutes } from './runs/routes.ts';
import { legacyContactRoutes } from './segments/legacy-contacts.ts';
import { segmentRoutes } from './segments/routes.ts';
import type { StatusDependencies } from './status/answer.ts';
import { statusRoutes } from './status/routes.ts';
import { suppressionRoutes } from './suppressions/routes.ts';
import { taskRoutes } from './tasks/routes.ts';
import { noTasks, type UserTasks } from './tasks/user-tasks.ts';
import { templateRoutes } from './templates/routes.ts';
import { topicRoutes } from './topics/routes.ts';
import { unsubscribeRoutes } from './unsubscribe/routes.ts';
import { refuseUnsupportedPaths } from './unsupported-paths.ts';
import { webhookRoutes } from './webhooks/routes.ts';

export interface ApiDependencies extends BroadcastRouteDependencies {
  readonly log: Logger;
  readonly domains: SenderDomains;
  /** The AWS region that sends the emails. */
  readonly region: string;
  /** Requests a second of one API key; 0 or absent: no limit. */
  readonly keyRateLimit?: number;
  /** The endpoints that webhooks may have; if absent, only https on the public internet. */
  readonly endpointRules?: EndpointRules;
  /** The user's own tasks; absent: the deployment has none. */
  readonly tasks?: UserTasks;
  /** The web console; absent: the deployment has none. */
  readonly console?: Console | undefined;
  readonly operations: Operations;
  /** The name of the API in API Gateway's metrics, if it is a REST API. */
  readonly restApiName?: string | undefined;
  /** How long `GET /status` shows queues and findings without looking again; not at all if absent. */
  readonly keepStatus?: StatusDependencies['keep'];
  /** Resolves after so many ms; for requests that wait. */
  readonly sleep?: (ms: number) => Promise<unknown>;
}

/** The web console of a deployment. */
export interface Console {
  readonly files: ConsoleFiles;
  /** The deployment's name. */
  readonly deployment: string;
  /** Path of the local inbox below the API's URL; undefined in AWS. */
  readonly inbox: string | undefined;
}

/** The HTTP API, as a function from request to response. */
export function createApp(dependencies: ApiDependencies): Hono<Caller> {
  const app = new Hono<Caller>({ getPath });
  app.onError(handleError(dependencies.log));
  app.notFound(() => {
    throw noEndpoint();
  });
  refuseUnsupportedPaths(app);
  app.use(checkMethod(() => app.routes));

  app.route('/', securedRoutes(dependencies));
  return app;
}

/** Every route. What is mounted here asks for an API key, unless access.ts lists it as public. */
function securedRoutes(dependencies: ApiDependencies): Hono<Caller> {
  const {
    backend,
    now,
    newId,
    retentionMs,
    log,
    domains,
    region,
    keyRateLimit,
    endpointRules = { allowLocal: false },
    tasks = noTasks,
    console,
    operations,
    restApiName,
    maxRatePerSecond,
    keepStatus,
    sleep = wait,
  } = dependencies;
  const { table, broker } = backend;
  const publish = createPublish(backend, now);
  const asWriter = createWriters(now);
  const secured = new Hono<Caller>();
  secured.use(authenticate({ table, now, log, keyRateLimit }));
  secured.use(conditional());

  secured.get('/health', (context) => context.json({ status: 'ok' }));
  secured.get('/openapi.json', async (context) =>
    context.json((await import('./openapi/document.ts')).openApi(baseUrl(context), { console: console !== undefined })),
  );
  // First: otherwise `metrics` would be the id of an email.
  secured.route('/emails/metrics', metricsRoutes({ table, operations, now, log, restApiName }));
  secured.route('/emails', emailRoutes(dependencies, publish));
  secured.route('/emails', emailAttachmentRoutes({ backend, now }));
  secured.route('/attachments', attachmentDownloadRoutes({ backend, now }));
  secured.route('/api-keys', apiKeyRoutes({ table, domains, now }));
  secured.route('/broadcasts', broadcastRoutes(dependencies));
  secured.route('/broadcasts', broadcastListRoutes(table));
  const audience = { table, broker, asWriter, publish, now, newId };
  secured.route('/audiences', segmentRoutes(audience, 'audience'));
  secured.route('/audiences', legacyContactRoutes(audience));
  // Before the routes of contacts, which would take `imports` for an id.
  secured.route('/contacts/imports', contactImportRoutes({ backend, now, newId, retentionMs }));
  secured.route('/contacts', contactRoutes(audience));
  secured.route('/contact-properties', contactPropertyRoutes({ table, now }));
  secured.route('/dead-letters', deadLetterRoutes({ operations, table, tasks, now }));
  secured.route('/domains', domainRoutes(domains, region));
  secured.route('/segments', segmentRoutes(audience, 'segment'));
  secured.route('/status', statusRoutes({ table, operations, now, log, maxRatePerSecond, keep: keepStatus }));
  secured.route('/suppressions', suppressionRoutes(table, publish, now));
  secured.route('/templates', templateRoutes({ table, now, newId, retentionMs }));
  secured.route('/topics', topicRoutes({ table, publish, now, newId }));
  secured.route(
    '/unsubscribe',
    unsubscribeRoutes({
      table,
      publish,
      now,
      countUnsubscribe: (one) => countUnsubscribe({ table, asWriter, retentionMs }, one),
    }),
  );
  secured.route('/webhooks', webhookRoutes({ table, broker, endpointRules, now, newId }));
  const ofTasks = { tasks, now, newId, log, sleep };
  secured.route('/tasks', taskRoutes(ofTasks));
  secured.route('/runs', runRoutes(ofTasks));
  secured.route('/clocks', clockRoutes(ofTasks));
  secured.route('/run-groups', runGroupRoutes(ofTasks));
  if (console) {
    const { files, deployment: name, inbox } = console;
    const deployment = () => ({ name, region, hasTasks: tasks.manifest() !== undefined, inbox, retentionMs });
    secured.route('/console', consoleRoutes({ backend, now, files, deployment }));
  }
  return secured;
}

/** SDKs whose base URL has a trailing slash ask for `//emails`. A slash at the end makes no difference either. */
function getPath(request: Request): string {
  const path = new URL(request.url).pathname.replace(/\/{2,}/g, '/');
  return path.length > 1 ? path.replace(/\/$/, '') : path;
}
