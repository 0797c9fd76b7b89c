import { createHash, createHmac } from 'node:crypto';
import { unavailable } from '../../core/errors.ts';
import { timeLimits } from '../time-limits.ts';

/** One POST to an AWS service. */
export interface AwsRequest {
  /** Its name in the host name: `lambda`, `secretsmanager`, `ssm`. */
  readonly service: string;
  /** Begins with a slash and needs no escaping. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Credentials, region and endpoint: a Lambda function has them in its environment. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
  /** Replaces the host of the service. */
  readonly endpoint?: string | undefined;
}

/**
 * Sends a signed request and answers the body. The redis backend needs only a few kinds of POST, for which an SDK client
 * would be most of the API's bundle.
 *
 * @throws retryable 503 when AWS cannot be reached, throttles or answers 5xx; otherwise an Error with the answer.
 */
export async function awsRequest(
  request: AwsRequest,
  identity = identityFromEnvironment(),
  timeoutMs: number = timeLimits.signedRequestMs,
): Promise<string> {
  const { region, endpoint } = identity;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  const url = new URL(request.path, endpoint ?? `https://${request.service}.${region}.${domain}`);
  const headers = signedHeaders(request, url.host, identity, new Date());
  const signal = AbortSignal.timeout(timeoutMs);
  const post = async () => {
    const response = await fetch(url, { method: 'POST', headers, body: request.body, signal });
    return { response, text: await response.text() };
  };
  // One more try at once: a kept connection may have been closed while the function was frozen. None of these requests does
  // harm when it is repeated.
  const { response, text } = await post()
    .catch(post)
    .catch((cause: unknown) => {
      throw unavailable(`${request.service} cannot be reached`, cause);
    });
  if (response.ok) return text;
  const cause = new Error(`${request.service} answered ${response.status}: ${text.slice(0, 300)}`);
  throw response.status === 429 || response.status >= 500 || /Throttl/.test(text)
    ? unavailable(`${request.service} is not available for the moment`, cause)
    : cause;
}

function identityFromEnvironment(): AwsIdentity {
  const { env } = process;
  return {
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: env.AWS_SESSION_TOKEN,
    region: env.AWS_REGION ?? '',
    endpoint: env.AWS_ENDPOINT_URL,
  };
}

/** Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function signedHeaders(
  { service, path, headers, body }: AwsRequest,
  host: string,
  { accessKeyId, secretAccessKey, sessionToken, region }: AwsIdentity,
  at: Date,
): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`;
  const signed: Record<string, string> = {
    ...headers,
    host,
    'x-amz-date': time,
    ...(sessionToken ? { 'x-amz-security-token': sessionToken } : {}),
  };
  const names = Object.keys(signed).sort();
  const canonicalHeaders = names.map((name) => `${name}:${signed[name]?.trim()}\n`).join('');
  const canonical = ['POST', path, '', canonicalHeaders, names.join(';'), sha256(body)].join('\n');
  const key = [time.slice(0, 8), region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key)
    .update(['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n'))
    .digest('hex');
  const { host: _, ...sent } = signed;
  const credential = `Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  return { ...sent, authorization: `AWS4-HMAC-SHA256 ${credential}` };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
