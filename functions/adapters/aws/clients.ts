/** The options of all AWS clients: connections are kept, and no call takes longer than a caller would wait. */
export const clientOptions = {
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: 5_000,
    httpsAgent: { keepAlive: true, maxSockets: 200 },
    httpAgent: { keepAlive: true, maxSockets: 200 },
  },
} as const;
