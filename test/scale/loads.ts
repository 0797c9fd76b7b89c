/** A deployment and its load. */
export interface Load {
  /** SES's rate, recipients a second; as much bulk is accepted, and a backlog waits from the start. */
  readonly ratePerSecond: number;
  /** The simulated time; the first `rampSeconds` are not measured. */
  readonly seconds: number;
  readonly rampSeconds: number;
  readonly maxConcurrency: number;
  readonly bulkMaxConcurrency: number;
  readonly sendMemoryMb: number;
  readonly feedbackMaxConcurrency: number;
  readonly feedbackMemoryMb: number;
  readonly feedbackWindowSeconds: number;
  readonly indexShards: number;
  /** What the table takes in a second: 4,000, or `warmWriteUnits`. */
  readonly tableUnits: number;
}

/** The defaults, as far as the simulation needs them. */
const defaults = {
  maxConcurrency: 4,
  bulkMaxConcurrency: 2,
  sendMemoryMb: 512,
  feedbackMaxConcurrency: 2,
  feedbackMemoryMb: 256,
  feedbackWindowSeconds: 5,
  indexShards: 4,
  tableUnits: 4_000,
};

/** A new account, one of a year, and 10 million an hour: each with the options that docs/scale.md names for it. */
export const loads = {
  '14/s': { ...defaults, ratePerSecond: 14, seconds: 600, rampSeconds: 20 },
  '200/s': {
    ...defaults,
    bulkMaxConcurrency: 8,
    sendMemoryMb: 1_024,
    ratePerSecond: 200,
    seconds: 120,
    rampSeconds: 20,
  },
  '3,000/s': {
    ...defaults,
    ratePerSecond: 3_000,
    // Half a minute until all functions run, and a representative quarter.
    seconds: 45,
    rampSeconds: 30,
    maxConcurrency: 10,
    bulkMaxConcurrency: 100,
    sendMemoryMb: 1_769,
    feedbackMaxConcurrency: 40,
    indexShards: 16,
    tableUnits: 20_000,
  },
} as const satisfies Readonly<Record<string, Load>>;

/** A broadcast at 10 million an hour. A function is killed once in 20,000 emails. */
export const broadcastLoad = {
  ratePerSecond: 3_000,
  bulkMaxConcurrency: 100,
  sendMemoryMb: 1_769,
  tableUnits: 20_000,
  emailsPerKill: 20_000,
};
