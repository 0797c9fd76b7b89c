import { randomUUID } from 'node:crypto';

/** A complete email. Its subject is unique: where an emulator does not keep SES's tags, emails are found by it. */
export const anEmail = (more: object = {}) => ({
  from: 'Me <me@example.com>',
  to: ['success@simulator.amazonses.com'],
  subject: `Hello ${randomUUID()}`,
  html: '<p>Hello</p>',
  ...more,
});
