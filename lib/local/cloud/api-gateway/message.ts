/** One HTTP request to an API, with its whole body. */
export type GatewayRequest = {
  method: string;
  /** The path as it came: encoded, without the query. */
  path: string;
  query: string;
  headers: Record<string, string[]>;
  body: Buffer;
  sourceIp: string;
  protocol: string;
  /** `host:port` the API listens on. */
  domainName: string;
};

/** The HTTP response. */
export type GatewayResponse = {
  status: number;
  headers: Record<string, string>;
  cookies?: string[];
  body: Buffer | string;
};

/** An answer of API Gateway itself. */
export function messageResponse(status: number, message: string): GatewayResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time as Apache's common log format writes it. */
export function clfTime(time: Date): string {
  const [year, month, day] = time.toISOString().slice(0, 10).split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time.toISOString().slice(11, 19)} +0000`;
}

/** A function's headers as they go out, over those that API Gateway adds. */
export function answerHeaders(
  given: Record<string, unknown>,
  added: Record<string, string> = { 'content-type': 'text/plain;charset=UTF-8' },
): Record<string, string> {
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), String(value)]));
  // The gateway sets the length: a function may have counted the text before it was decoded.
  delete headers['content-length'];
  return { ...added, ...headers };
}
