/** One HTTP request to an API, its body read. */
export type GatewayRequest = {
  method: string;
  /** As it came: encoded, without the query. */
  path: string;
  query: string;
  headers: Record<string, string[]>;
  body: Buffer;
  sourceIp: string;
  protocol: string;
  /** `host:port` the API listens on. */
  domainName: string;
};

/** What goes back over the socket. */
export type GatewayResponse = {
  status: number;
  headers: Record<string, string>;
  cookies?: string[];
  body: Buffer | string;
};

/** The form in which API Gateway itself answers. */
export function messageResponse(status: number, message: string): GatewayResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) };
}
