import type { periodMetricsView } from '../../../api/metrics/view.ts';
import type { statusView } from '../../../api/status/view.ts';

/** `GET /status`. */
export type Status = ReturnType<typeof statusView>;
/** `GET /emails/metrics?dimensions=period`. */
export type Metrics = ReturnType<typeof periodMetricsView>;

export type Queue = Status['queues'][number];

/** Dead letters wait until somebody decides about them. */
export const isDeadLetters = (queue: Queue['name']) => queue === 'dead letters';

/** Whether jobs wait or run. */
export const isBusy = ({ name, waiting, running }: Queue): boolean => !isDeadLetters(name) && waiting + running > 0;
