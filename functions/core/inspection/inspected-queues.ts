import type { InspectedQueue } from '../ports/inspection.ts';
import { deployedQueueNames } from '../queues.ts';

/** Every queue that a deployment may have, in the order in which they are shown. */
export const inspectedQueues: readonly InspectedQueue[] = [...deployedQueueNames(true), 'feedback', 'dead letters'];
