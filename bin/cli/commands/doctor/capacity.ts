import { cpuShare, MB_OF_A_VCPU, SEND_CPU_MS } from '../../../../lib/lambda-cpu.ts';
import type { Finding } from './finding.ts';

/** A send through SES, from a function in the same region. */
const SEND_SECONDS = 0.15;

/** Functions that work on a queue. */
export interface Senders {
  /** The kind of email: `bulk email`. */
  readonly what: string;
  /** How many run at once. */
  readonly functions: number;
  /** Emails that each has in flight. */
  readonly inFlight: number;
  readonly memoryMb: number;
  /** The option for more of them. */
  readonly option: string;
}

/** Emails a second that one such function sends: limited by what it has in flight, or by its share of a CPU. */
export const perSecond = ({ inFlight, memoryMb }: Pick<Senders, 'inFlight' | 'memoryMb'>): number =>
  Math.min(inFlight / SEND_SECONDS, (1_000 * cpuShare(memoryMb)) / SEND_CPU_MS);

/** A warning for senders that are too few for the rate that they may use (recipients a second); none if they are enough. */
export function tooFew(senders: Senders, ratePerSecond: number): Finding[] {
  const { what, functions, inFlight, memoryMb, option } = senders;
  const each = perSecond(senders);
  if (functions * each >= ratePerSecond) return [];
  const share = cpuShare(memoryMb).toFixed(2);
  const memory = memoryMb < MB_OF_A_VCPU && each < inFlight / SEND_SECONDS ? ', or sendMemoryMb' : '';
  return [
    {
      check: 'send rate',
      level: 'warning',
      text:
        `SES takes ${ratePerSecond} recipients a second; the functions for ${what} send about ${Math.floor(functions * each)} emails ` +
        `(${functions} at once, ${inFlight} in flight each, ${memoryMb} MB: ${share} of a CPU)`,
      advice: `raise ${option} to ${Math.ceil(ratePerSecond / each)}${memory}, if that much is to be sent at once`,
    },
  ];
}
