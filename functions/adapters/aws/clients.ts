import { Readable } from 'node:stream';
import { type TimeLimits, timeLimits } from '../time-limits.ts';

/** The part of an SDK client's request handler that is used here. */
interface RequestHandler {
  handle(request: never, options?: never): Promise<{ response: { body?: unknown } }>;
}

/** The options of an AWS client with these time limits; connections are kept. */
export function clientOptionsWith({ connectMs, answerMs, maxAttempts }: TimeLimits) {
  return {
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectMs,
      // Until the head of the answer. Without the other option the SDK only logs a warning.
      requestTimeout: answerMs,
      throwOnRequestTimeout: true,
      httpsAgent: { keepAlive: true, maxSockets: 200 },
      httpAgent: { keepAlive: true, maxSockets: 200 },
    },
    extensions: [limitAnswers(answerMs)],
  };
}

/** The options of all AWS clients of the functions. */
export const clientOptions = clientOptionsWith(timeLimits.aws);

/**
 * Limits the time for the rest of an answer. The SDK has no limit for it: its `socketTimeout` begins anew with each byte, so that
 * an answer of which a byte arrives now and then would take for ever.
 */
function limitAnswers(answerMs: number) {
  return {
    configure(extension: { httpHandler(): unknown }): void {
      const handler = extension.httpHandler() as RequestHandler;
      const handle = handler.handle.bind(handler);
      handler.handle = async (request, options) => {
        const startMs = performance.now();
        const answer = await handle(request, options);
        const { body } = answer.response;
        if (body instanceof Readable) destroyAfter(body, answerMs - (performance.now() - startMs), answerMs);
        return answer;
      };
    },
  };
}

function destroyAfter(body: Readable, leftMs: number, answerMs: number): void {
  const late = () =>
    body.destroy(Object.assign(new Error(`no whole answer within ${answerMs} ms`), { name: 'TimeoutError' }));
  const timer = setTimeout(late, Math.max(0, leftMs));
  body.once('close', () => clearTimeout(timer));
}
