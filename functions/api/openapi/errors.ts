import { answer, object, type Schema, text } from './parts.ts';

/** The form of the API's own errors. */
const ours = object({ statusCode: { type: 'integer' }, name: text, message: text });
/** The form of errors that API Gateway answers, too: it has only `message`. */
const oursOrGateway = object({ message: text });

const retryAfter = { 'Retry-After': { description: 'Seconds to wait', schema: { type: 'integer' } } };

const header = (description: string) => ({ description, schema: { type: 'integer' } });
/** Only beyond the limit of an API key (`keyRateLimit`); API Gateway does not send them. */
const rateLimit = {
  'RateLimit-Limit': header('Requests a second that an API key may make, if that is limited'),
  'RateLimit-Remaining': header('Requests left in this second'),
  'RateLimit-Reset': header('Seconds until the next one begins'),
};

/** The error responses in `components`, by the name that operations refer to. */
export const errorResponses = {
  BadRequest: answer('The body is not JSON, or a header is not as it should be', ours),
  Unauthorized: answer('No API key, or one that may only send', ours),
  Forbidden: answer('The API key is not known, or is confined to another domain', ours),
  NotFound: answer('It is not there', ours),
  NotAcceptable: answer('A REST API (`api=rest`) passes no binary answers', ours),
  Conflict: answer('The idempotency key was used with another payload', ours),
  PayloadTooLarge: answer('The request has more than 6 MB', oursOrGateway),
  Unprocessable: answer('A field is not as it should be, or what is asked is not possible any more', ours),
  TooManyRequests: {
    ...answer('More requests than the deployment takes, or than its API key may make', oursOrGateway),
    headers: { ...retryAfter, ...rateLimit },
  },
  UnsafeEndpoint: answer('The endpoint leads to a private network', ours),
  InternalError: answer('A fault of the service; it is in its log', oursOrGateway),
  Unavailable: {
    ...answer('Nothing was done; the same request may be sent again', oursOrGateway),
    headers: retryAfter,
  },
} as const;

const nameOf = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  406: 'NotAcceptable',
  409: 'Conflict',
  413: 'PayloadTooLarge',
  422: 'Unprocessable',
  429: 'TooManyRequests',
  451: 'UnsafeEndpoint',
  500: 'InternalError',
  503: 'Unavailable',
} as const satisfies Record<number, keyof typeof errorResponses>;

/** The HTTP status of an error. */
export type ErrorStatus = keyof typeof nameOf;

interface Parameter {
  readonly name: string;
  readonly in: string;
}

interface Operation {
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: unknown;
  /** Errors beyond those that follow from the operation's shape. */
  readonly errors?: readonly ErrorStatus[];
  readonly responses: Readonly<Record<string, Schema>>;
}

/**
 * Adds to each operation the errors it can answer. Most follow from its shape: a body may be invalid JSON, an id may be
 * unknown. 405 is not among them: it is the answer to methods that a path does not have.
 */
export function withErrors(paths: Readonly<Record<string, Schema>>): Schema {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([name, part]) => [
          name,
          name === 'parameters' ? part : withErrorsOf(path, part as Operation),
        ]),
      ),
    ]),
  );
}

function withErrorsOf(path: string, operation: Operation): Schema {
  const { errors = [], responses, ...rest } = operation;
  const statuses = new Set<ErrorStatus>([...errorsOf(path, operation), ...errors]);
  const references = [...statuses].map((status) => [
    String(status),
    { $ref: `#/components/responses/${nameOf[status]}` },
  ]);
  return { ...rest, responses: { ...Object.fromEntries(references), ...responses } };
}

function errorsOf(path: string, { security, parameters = [], requestBody }: Operation): ErrorStatus[] {
  const has = (name: string) => parameters.some((parameter) => parameter.name === name);
  const takesQuery = parameters.some((parameter) => parameter.in === 'query');
  return [
    ...(security?.length === 0 ? [] : ([401, 403] as const)),
    ...(requestBody ? ([400, 413, 422] as const) : []),
    ...(takesQuery ? ([422] as const) : []),
    ...(path.includes('{') || has('after') ? ([404] as const) : []),
    ...(has('Idempotency-Key') ? ([409] as const) : []),
    429,
    500,
    503,
  ];
}
