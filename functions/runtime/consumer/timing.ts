import { LEASE_MS } from '../../adapters/redis/times.ts';

/** Time between two heartbeats. Several fit in a lease, so one lost request does not end it. */
export const HEARTBEAT_MS = 1_500;

/**
 * How long a task may count on its delivery, from the delivery or the consumer's last heartbeat on. The claim on an email is 2 s
 * longer, and must end before the delivery comes back, LEASE_MS after the last heartbeat. Only jobs that have been in flight for
 * a heartbeat are renewed: most emails are sent by then, and cost no command more.
 */
export const RUN_MS = LEASE_MS - 2_500;

/** So long before the time-out, the jobs still in flight are left to the next consumer. */
export const LAST_MS = 1_500;
