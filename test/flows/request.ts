// biome-ignore lint/suspicious/noExplicitAny: the assertions examine answers field by field.
export type Json = any;

/** Makes a plain HTTP request; the key is added unless the headers have one. */
export type Request = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ status: number; json: Json; headers: Headers }>;

/** Makes requests to the API at this URL with this key. */
export function requester(url: string, apiKey: string): Request {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json(), headers: response.headers };
  };
}
