import type { InvocationResult } from '../lambda/result.ts';

/** The most a function takes or answers in one invocation. */
export const lambdaLimitBytes = 6 * 1024 * 1024;

/** The result, or that it took longer than API Gateway waits. */
export async function withTimeout(
  running: Promise<InvocationResult>,
  timeoutMs: number,
): Promise<InvocationResult | 'timeout'> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<'timeout'>((resolve) => {
    timer = setTimeout(() => resolve('timeout'), timeoutMs);
  });
  const result = await Promise.race([running, timeout]);
  clearTimeout(timer);
  return result;
}
