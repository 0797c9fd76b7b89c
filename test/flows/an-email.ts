import { randomUUID } from 'node:crypto';

/** A complete email, to be varied. Its subject is its own: where SES's tags are not kept, mail is told apart by it. */
export const anEmail = (more: object = {}) => ({
  from: 'Me <me@example.com>',
  to: ['success@simulator.amazonses.com'],
  subject: `Hello ${randomUUID()}`,
  html: '<p>Hello</p>',
  ...more,
});
