/**
 * For the local cloud of a test: the events of SES wait for others in the template, and so every test that waits until
 * all is done. Long enough that batches still have several events.
 */
export const shortBatching = { batchingWindowSeconds: 0.1 };
