import type { Hono } from 'hono';
import packageJson from '../../package.json' with { type: 'json' };
import { SendoffError } from '../core/errors.ts';
import type { Caller } from './authenticate.ts';

/** Paths of Resend's API that this version has not, with all below them (resend-node 6.38.0, resend-openapi 1.5.0). */
export const UNSUPPORTED_PATHS = [
  '/audiences',
  '/automations',
  '/broadcasts',
  '/contact-properties',
  '/contacts',
  '/domains/claim',
  '/domains/:id/claim',
  '/domains/:id/verify',
  '/emails/metrics',
  '/emails/receiving',
  '/emails/:id/share',
  '/events',
  '/inboxes',
  '/logs',
  '/oauth',
  '/segments',
  '/templates',
  '/topics',
  '/usage',
];

/** The message for whatever Resend has and this version has not. */
export const UNSUPPORTED = `Sendoff ${packageJson.version} does not have this part of Resend's API. Its page docs/api.md lists what it has.`;

/** True for a path of which this version has some of Resend's methods: of domains those that read. */
export const isPartlySupported = (path: string): boolean => /^\/domains(?:\/|$)/.test(path);

/**
 * Answers 404 `not_found` to every call of a path that Resend has and this version has not, before any other route:
 * `/emails/metrics` is not an email's id. Not 501: clients and alarms take a 5xx for a fault that may pass.
 */
export function refuseUnsupportedPaths(app: Hono<Caller>): void {
  for (const path of UNSUPPORTED_PATHS)
    app.use(`${path}/*`, async () => {
      throw new SendoffError('not_found', 404, UNSUPPORTED);
    });
}
