/** What every AWS client of ours shares: connections are kept, and nothing waits longer than a caller would. */
export const clientOptions = {
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    httpsAgent: { keepAlive: true, maxSockets: 200 },
    httpAgent: { keepAlive: true, maxSockets: 200 },
  },
} as const;
