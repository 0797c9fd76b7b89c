/** The jobs of the comparison: an email at the mail server; nothing; nothing, with no record of the run; a wait of 100 ms. */
export type Work = 'email' | 'empty' | 'unkept' | 'sleep';

export interface Enqueued {
  readonly p50Ms: number;
  readonly perSecond: number;
  /** CPU of one enqueue, of the program or function that does it. */
  readonly cpuMs: number;
}

export interface Drained {
  readonly perSecond: number;
  /** CPU of one job, of all that runs it. */
  readonly cpuMs: number;
  /** CPU of one job that its broker took, where the broker is no emulator. */
  readonly brokerCpuMs?: number;
}

/** One of those that are compared. No worker runs while jobs are enqueued. */
export interface Contender {
  readonly works: readonly Work[];
  /** It has a process for each job: with many jobs of 100 ms it would take minutes. */
  readonly fewAtATime: boolean;
  /** Enqueues so many jobs with so many clients; those that warm up are enqueued too, and not measured. */
  enqueue(work: Work, count: number, clients: number): Promise<Enqueued>;
  /** Runs all jobs that wait. The first ones warm up, and are not measured. */
  drain(work: Work): Promise<Drained>;
  close(): Promise<void>;
}

/** Enqueues before those that are measured. */
export const WARM_UP_ENQUEUES = 200;
/** Share of the jobs that a drain runs before it measures. */
export const WARM_UP_SHARE = 0.2;

export const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
