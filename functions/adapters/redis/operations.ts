/**
 * The operations of the script. Each of these functions stands beside the Lua function that takes its arguments: the order of
 * the arguments is known to that one file.
 */

export { enter, handOver, leave, reserve, unwatch, watch } from './lua/consumers.ts';
export { deadLetters, discard, redrive } from './lua/dead-letters.ts';
export { deleteBody, deleteDocument, get, insert, putBody, update } from './lua/documents.ts';
export { query, sweep } from './lua/indexes.ts';
export { ages, depths, timers } from './lua/inspection.ts';
export { acknowledge, removeConsumers, renew } from './lua/leases.ts';
export { backlog, invoke, send, submit, updateAndSend } from './lua/queues.ts';
export { receive } from './lua/receive.ts';
