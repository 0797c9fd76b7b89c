/** How long a consumer without a heartbeat counts as alive; then others take over its deliveries. */
export const LEASE_MS = 6_000;

/** How long an invoked consumer may take to send its first heartbeat; until then no other is invoked in its place. */
export const START_MS = LEASE_MS;

/** A job due within this time is left to the consumer at work; the watchdog, once a minute, sees later ones in time. */
export const NEAR_MS = 65_000;

/** For so long after a watchdog was started no consumer starts another. */
export const WATCH_MS = 60_000;
