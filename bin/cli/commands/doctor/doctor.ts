import { broadcasts } from '../../../../functions/core/inspection/findings/broadcasts.ts';
import { deadLetters } from '../../../../functions/core/inspection/findings/dead-letters.ts';
import { sendingState } from '../../../../functions/core/inspection/findings/sending.ts';
import { waitingEmails } from '../../../../functions/core/inspection/findings/waiting-emails.ts';
import { answer, type Context } from '../../context.ts';
import { CliError, exitCodes, explain } from '../../errors.ts';
import { columns, count, paint, printable, type Tone } from '../../layout.ts';
import { alarms } from './alarms.ts';
import { type Check, type CheckInput, type Finding, type Level, ofState } from './finding.ts';
import { deployedOptions } from './options.ts';
import { database, minuteRule } from './redis.ts';
import { api, stack } from './service.ts';
import { account, configurationSet, identities } from './ses.ts';
import { consumers, triggers } from './workers.ts';

/** The checks of every deployment, in the order in which they are shown; those of its backend come between the two lists. */
const first: readonly Check[] = [stack, deployedOptions, api];
const last: readonly Check[] = [
  ofState(sendingState),
  account,
  configurationSet,
  identities,
  ...[deadLetters, waitingEmails, broadcasts].map(ofState),
  alarms,
];

const tones: Readonly<Record<Level, Tone>> = { ok: 'good', warning: 'warning', problem: 'bad', unknown: 'bad' };

/** `doctor`: checks everything that sending depends on; exit code 4 if it finds a problem. */
export async function runDoctor(context: Context, { from }: { from?: string }): Promise<void> {
  const deployment = await context.deployment();
  const { backend } = context;
  const input: CheckInput = { deployment, backend, nowMs: context.now(), ...(from === undefined ? {} : { from }) };
  const possible = [...first, ...(await backendChecks(backend)), ...last].filter(
    ({ alsoLocal }) => alsoLocal || !deployment.local,
  );
  const findings = (await Promise.all(possible.map((check) => examine(check, input)))).flat();
  answer(context, findings, () => screen(context, findings));
  if (deployment.local && !context.json)
    context.terminal.note('\nSES, alarms and triggers were not examined: they exist on AWS alone.');
  const bad = findings.filter(({ level }) => level === 'problem' || level === 'unknown').length;
  if (bad > 0) throw new CliError(`doctor found ${count(bad, 'problem')}.`, exitCodes.problemsFound);
}

/** The checks of this kind of backend; if it cannot be opened, a check that says so. */
async function backendChecks(backend: CheckInput['backend']): Promise<readonly Check[]> {
  try {
    const { redis } = await backend();
    return redis ? [database(redis), minuteRule, consumers] : [triggers];
  } catch (error) {
    return [{ name: 'backend', alsoLocal: true, examine: () => Promise.reject(error) }];
  }
}

async function examine(check: Check, input: CheckInput): Promise<Finding[]> {
  try {
    return await check.examine(input);
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
