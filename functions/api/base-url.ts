import type { Context } from 'hono';

/** The parts of a REST API's event that show its stage. An HTTP API's event does not have both. */
interface RestEvent {
  readonly path?: string;
  readonly requestContext?: { readonly path?: string };
}

/** True behind a REST API, which does not pass on binary answers. */
export function isBehindRestApi(context: Context): boolean {
  const { requestContext }: RestEvent = context.env?.event ?? {};
  return requestContext?.path !== undefined;
}

/** The values of `x-forwarded-proto` that API Gateway sets. Without the header every URL is https. */
const PROTOCOLS = ['http', 'https'];

/**
 * The URL that callers put before a path, without a slash at its end. A REST API has its stage in it (`/prod`), which the
 * path in the event does not contain; behind a custom domain there is no stage.
 */
export function baseUrl(context: Context): string {
  const { host, protocol } = new URL(context.req.url);
  const forwarded = context.req.header('x-forwarded-proto') ?? '';
  const origin = `${PROTOCOLS.includes(forwarded) ? `${forwarded}:` : protocol}//${host}`;
  const { path, requestContext }: RestEvent = context.env?.event ?? {};
  const whole = requestContext?.path;
  return path !== undefined && whole?.endsWith(path) ? origin + whole.slice(0, -path.length) : origin;
}
