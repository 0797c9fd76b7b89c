import { type AwsRequest, awsRequest } from '../aws/request.ts';
import type { UpstashCredentials } from './requester.ts';

type Environment = Readonly<Record<string, string | undefined>>;
type Request = (request: AwsRequest) => Promise<string>;

/**
 * Reads the address and the token of the database, once a cold start: from the Secrets Manager secret `REDIS_SECRET` or the SSM
 * parameter `REDIS_PARAMETER`, which hold `{"url": "https://…", "token": "…"}`. Only on the local cloud they may be in the
 * environment, for a database at Upstash (`UPSTASH_REDIS_REST_URL`, `UPSTASH_REDIS_REST_TOKEN`).
 */
export async function upstashCredentials(
  env: Environment = process.env,
  request: Request = awsRequest,
): Promise<UpstashCredentials> {
  const { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN, REDIS_SECRET, REDIS_PARAMETER } = env;
  if (UPSTASH_REDIS_REST_URL && UPSTASH_REDIS_REST_TOKEN)
    return { url: UPSTASH_REDIS_REST_URL, token: UPSTASH_REDIS_REST_TOKEN };
  if (REDIS_SECRET) {
    const body = { SecretId: REDIS_SECRET };
    const answer = await call(request, 'secretsmanager', 'secretsmanager.GetSecretValue', body);
    return parse(answer.SecretString, `the secret ${REDIS_SECRET}`);
  }
  if (REDIS_PARAMETER) {
    const body = { Name: REDIS_PARAMETER, WithDecryption: true };
    const answer = await call(request, 'ssm', 'AmazonSSM.GetParameter', body);
    return parse(answer.Parameter?.Value, `the parameter ${REDIS_PARAMETER}`);
  }
  throw new Error('Neither REDIS_SECRET nor REDIS_PARAMETER is set');
}

interface Answer {
  readonly SecretString?: string;
  readonly Parameter?: { readonly Value?: string };
}

async function call(request: Request, service: string, target: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  return JSON.parse(await request({ service, path: '/', headers, body: JSON.stringify(body) }));
}

/** The text is a secret. No error may hold it, and the error of JSON.parse would. */
function parse(text: string | undefined, where: string): UpstashCredentials {
  let value: { url?: unknown; token?: unknown; UPSTASH_REDIS_REST_URL?: unknown; UPSTASH_REDIS_REST_TOKEN?: unknown };
  try {
    value = JSON.parse(text ?? '');
  } catch {
    throw new Error(`${where} does not hold JSON`);
  }
  const url = value?.url ?? value?.UPSTASH_REDIS_REST_URL;
  const token = value?.token ?? value?.UPSTASH_REDIS_REST_TOKEN;
  if (typeof url !== 'string' || typeof token !== 'string' || !/^https?:\/\//.test(url))
    throw new Error(`${where} does not hold {"url": "https://…", "token": "…"}`);
  return { url: url.trim(), token: token.trim() };
}
