import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HostCheck } from '../host-check.ts';
import { closeServer, listen, readBody } from '../http-server.ts';
import { isBelow, type Page } from '../page.ts';
import type { AwsAnswer, Caller } from './call.ts';
import { type AwsService, createCall, type WireRequest } from './call.ts';
import { AnswerLostError, type Pipeline } from './pipeline.ts';
import { jsonError, queryError, s3Error } from './wire.ts';

/** The owner of an access key id; undefined if it is unknown. */
export type CallerLookup = (accessKeyId: string, sessionToken: string | undefined) => Caller | undefined;

/** The HTTP server every AWS call of every function goes through. */
export type Front = { endpoint: string; close: () => Promise<void> };

/** The parts of the front. */
export type FrontOptions = {
  port: number;
  services: Map<string, AwsService>;
  pipeline: Pipeline;
  callerOf: CallerLookup;
  pages: Page[];
  hostCheck: HostCheck;
};

/** A signed request is never for a page: a bucket may be called inbox. */
function isUnder(prefix: string, request: IncomingMessage): boolean {
  const path = request.url ?? '';
  return isBelow(prefix, path) && request.headers.authorization === undefined && !path.includes('X-Amz-Signature=');
}

/** Listens on loopback and takes AWS calls of all services on one port, told apart by their signature's scope. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const server = createServer((request, response) => {
    if (!options.hostCheck.allows(request))
      return send(response, request, inProtocolOf(wireOf(request), 403, 'AccessDenied', options.hostCheck.refusal));
    const page = options.pages.find(({ prefix }) => isUnder(prefix, request));
    if (page) return page.serve(request, response, (request.url ?? '').slice(page.prefix.length));
    readBody(request)
      .then((body) => answerCall(options, { ...wireOf(request), body }))
      .then((answer) => send(response, request, answer))
      .catch((error) => fail(response, error));
  });
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

function wireOf(request: IncomingMessage): Omit<WireRequest, 'body'> {
  return { method: request.method ?? 'GET', path: request.url ?? '/', headers: request.headers };
}

const headerScope = /Credential=([^/\s]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

const queryScope =
  /[?&]X-Amz-Credential=([^&]+?)(?:%2F|\/)\d+(?:%2F|\/)[^&]+?(?:%2F|\/)([^&/]+?)(?:%2F|\/)aws4_request/i;

async function answerCall(options: FrontOptions, request: WireRequest): Promise<AwsAnswer> {
  const scope = headerScope.exec(request.headers.authorization ?? '') ?? queryScope.exec(request.path);
  const [, accessKeyId, serviceName] = scope ?? [];
  if (!accessKeyId || !serviceName) return unsigned(request);
  const service = options.services.get(serviceName);
  if (!service) return unsupported(request, `The local cloud has no AWS service "${serviceName}"`);
  const caller = options.callerOf(accessKeyId, request.headers['x-amz-security-token']?.toString());
  if (!caller) {
    return service.error(403, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
  }
  const action = service.actionOf(request);
  if (!action)
    return service.error(
      501,
      'NotImplemented',
      `The local cloud has no ${serviceName} action for ${request.method} ${request.path}`,
    );
  return await options.pipeline(createCall(serviceName, action, caller, request));
}

function unsigned(request: WireRequest): AwsAnswer {
  return inProtocolOf(request, 403, 'MissingAuthenticationToken', 'Missing Authentication Token');
}

function unsupported(request: WireRequest, message: string): AwsAnswer {
  return inProtocolOf(request, 501, 'NotImplemented', message);
}

/** Without a service the protocol is guessed from the content type. */
function inProtocolOf(request: Pick<WireRequest, 'headers'>, status: number, code: string, message: string): AwsAnswer {
  const contentType = request.headers['content-type'] ?? '';
  if (contentType.includes('json')) return jsonError(status, code, message);
  return contentType.includes('urlencoded') ? queryError(status, code, message) : s3Error(status, code, message);
}

function send(response: ServerResponse, request: IncomingMessage, answer: AwsAnswer): void {
  const length = request.method === 'HEAD' ? {} : { 'content-length': Buffer.byteLength(answer.body) };
  response.writeHead(answer.status, { ...answer.headers, ...length });
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function fail(response: ServerResponse, error: unknown): void {
  if (error instanceof AnswerLostError || response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  response.writeHead(500, { 'content-type': 'text/plain' });
  response.end(String(error));
}
