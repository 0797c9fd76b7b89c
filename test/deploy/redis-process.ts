/**
 * redis-server behind Upstash's REST protocol, in a process of its own: whoever kills that process's group leaves
 * nothing behind. Writes its URL and token as a line of JSON, and runs until SIGTERM.
 */
import { openLocalDatabase } from '../../lib/local/cloud/upstash/database.ts';

// Not that of UPSTASH_REDIS_REST_URL: a test fills and leaves what it is given.
const { url, token, close } = await openLocalDatabase({}, {});
process.once('SIGTERM', () => void close());
process.stdout.write(`${JSON.stringify({ url, token })}\n`);
