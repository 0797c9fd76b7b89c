import type { InspectedQueue } from '../ports/inspection.ts';
import { queueNames } from '../queues.ts';

/** Every queue that a deployment may have, in the order in which they are shown. */
export const inspectedQueues: readonly InspectedQueue[] = [...queueNames, 'feedback', 'dead letters'];
