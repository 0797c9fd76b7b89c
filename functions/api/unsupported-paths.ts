import type { Hono } from 'hono';
import { SendoffError } from '../core/errors.ts';
import { version } from '../core/version.ts';
import type { Caller } from './authenticate.ts';

/** Paths of Resend's API that this version does not serve, with all paths below them (resend-node 6.38.0, resend-openapi 1.5.0). */
export const UNSUPPORTED_PATHS = [
  '/automations',
  '/domains/claim',
  '/domains/:id/claim',
  '/domains/:id/verify',
  '/emails/receiving',
  '/emails/:id/share',
  '/events',
  '/inboxes',
  '/logs',
  '/oauth',
  '/usage',
];

/** The message for a path or method of Resend's API that this version does not serve. */
export const UNSUPPORTED = `Sendoff ${version} does not have this part of Resend's API. Its page docs/compatibility.md lists what it has.`;

/** True for a path for which this version serves only some of Resend's methods: domains can only be read. */
export const isPartlySupported = (path: string): boolean => /^\/domains(?:\/|$)/.test(path);

/**
 * Answers 404 `not_found` to every call of an unsupported path, before any other route could take `receiving` in
 * `/emails/receiving` for an id. It is not a 501 because clients and alarms treat a 5xx as a temporary fault.
 */
export function refuseUnsupportedPaths(app: Hono<Caller>): void {
  for (const path of UNSUPPORTED_PATHS)
    app.use(`${path}/*`, async () => {
      throw new SendoffError('not_found', 404, UNSUPPORTED);
    });
}
