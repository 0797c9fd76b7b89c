import type { Logger } from '../../ports/telemetry.ts';
import { broadcasts } from './broadcasts.ts';
import { deadLetters } from './dead-letters.ts';
import type { Finding, StateCheck, StateInput } from './finding.ts';
import { sendingState } from './sending.ts';
import { waitingEmails } from './waiting-emails.ts';

/** The checks of what `StateInput` tells by itself. */
export const quickChecks: readonly StateCheck[] = [sendingState, deadLetters];
/** The checks that read many documents. */
export const thoroughChecks: readonly StateCheck[] = [waitingEmails, broadcasts];

/** Makes checks of the deployment's own state; one that fails is a finding of level `unknown`, and a line in the log. */
export async function examineState(checks: readonly StateCheck[], input: StateInput, log: Logger): Promise<Finding[]> {
  const findings = checks.map(async ({ name, examine }): Promise<Finding[]> => {
    try {
      return await examine(input);
    } catch (error) {
      log.warn('check failed', { check: name, error });
      return [{ check: name, level: 'unknown', text: 'could not be examined', advice: 'the log of the API says why' }];
    }
  });
  return (await Promise.all(findings)).flat();
}
