/**
 * redis-server behind Upstash's REST protocol, in a process of its own, so that killing its process group ends all of it.
 * Prints its URL and token as a line of JSON, and runs until SIGTERM.
 */
import { openLocalDatabase } from '../../lib/local/cloud/upstash/database.ts';

// Never the database of UPSTASH_REDIS_REST_URL: the test would leave its data there.
const { url, token, close } = await openLocalDatabase({}, {});
process.once('SIGTERM', () => void close());
process.stdout.write(`${JSON.stringify({ url, token })}\n`);
