import { CliError, exitCodes } from '../../cli-error.ts';
import { answer, type Context } from '../../context.ts';
import { explain } from '../../error-line.ts';
import { columns, count, paint, printable, type Tone } from '../../layout.ts';
import type { Check, Finding, Level, Patient } from './finding.ts';
import { alarms } from './functions.ts';
import { api, deadLetters, stack, waitingEmails } from './service.ts';
import { account, configurationSet, identities } from './ses.ts';

/** In the order they are shown; those of the backend are between the first and the second list. */
const reached: readonly Check[] = [stack, api];
const others: readonly Check[] = [account, configurationSet, identities, deadLetters, waitingEmails, alarms];

const tones: Readonly<Record<Level, Tone>> = { ok: 'good', warning: 'warning', problem: 'bad', unknown: 'bad' };

/** `doctor`: looks at everything that must be right for mail to go out; exit code 4 if something is not. */
export async function runDoctor(context: Context, { from }: { from?: string }): Promise<void> {
  const deployment = await context.deployment();
  const { backend } = context;
  const emailRetry: Patient = { deployment, backend, nowMs: context.now(), ...(from === undefined ? {} : { from }) };
  const possible = [...reached, ...(await checksOf(backend)), ...others].filter(
    ({ alsoLocal }) => alsoLocal || !deployment.local,
  );
  const findings = (await Promise.all(possible.map((check) => examine(check, emailRetry)))).flat();
  answer(context, findings, () => screen(context, findings));
  if (deployment.local && !context.json)
    context.terminal.note('\nOf SES, alarms and triggers there is nothing to examine on this machine.');
  const bad = findings.filter(({ level }) => level === 'problem' || level === 'unknown').length;
  if (bad > 0) throw new CliError(`doctor found ${count(bad, 'problem')}.`, exitCodes.problemsFound);
}

/** What the backend is examined for; when it cannot be opened, that is what is found. */
async function checksOf(backend: Patient['backend']): Promise<readonly Check[]> {
  try {
    return (await backend()).checks;
  } catch (error) {
    return [{ name: 'backend', alsoLocal: true, examine: () => Promise.reject(error) }];
  }
}

async function examine(check: Check, emailRetry: Patient): Promise<Finding[]> {
  try {
    return await check.examine(emailRetry);
  } catch (error) {
    const advice = 'this check needs the permission to read it, and a network';
    return [{ check: check.name, level: 'unknown', text: `could not be examined: ${explain(error).line}`, advice }];
  }
}

function screen({ terminal }: Context, findings: readonly Finding[]): string {
  const table = columns(
    terminal,
    ['', 'CHECK', 'FOUND'],
    findings.map(({ level, check, text }) => [paint(terminal, tones[level], level), check, printable(text)]),
  ).split('\n');
  const advice = findings.map(({ advice: what }) => (what ? [`           → ${printable(what)}`] : []));
  return [table[0], ...findings.flatMap((_, index) => [table[index + 1], ...(advice[index] ?? [])])].join('\n');
}
