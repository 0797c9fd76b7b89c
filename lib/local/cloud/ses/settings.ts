import type { SesSettings } from './ses-options.ts';

/** The limits of a new account: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html */
const SANDBOX_RATE_PER_SECOND = 1;
const SANDBOX_MAX_24_HOURS = 200;

const isNumber = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isListOfText = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** All settings, each with the check of a value that comes from outside. */
const checks: Readonly<Record<keyof SesSettings, (value: unknown) => boolean>> = {
  sendRatePerSecond: isNumber,
  sendBurst: isNumber,
  maxSend24Hours: isNumber,
  sandbox: isBoolean,
  verifiedIdentities: isListOfText,
  latencyMs: isNumber,
  sendingEnabled: isBoolean,
  pausedByReview: isBoolean,
  clockAheadMs: isNumber,
};

/** The settings of `changes` alone: options of the start have other keys too. */
export function settingsIn(changes: SesSettings): SesSettings {
  return Object.fromEntries(Object.entries(changes).filter(([name]) => name in checks));
}

/** Reads settings from JSON text; `null` lifts one. Answers why not, if it cannot. */
export function parseSettings(text: string): { settings: SesSettings } | { refusal: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { refusal: 'The body is not JSON.' };
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return { refusal: 'Send an object of settings.' };
  const settings: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(parsed)) {
    const check = Object.hasOwn(checks, name) ? checks[name as keyof SesSettings] : undefined;
    if (!check) return { refusal: `There is no setting ${name}; there are: ${Object.keys(checks).join(', ')}.` };
    if (value !== null && !check(value)) return { refusal: `The setting ${name} cannot be ${JSON.stringify(value)}.` };
    settings[name] = value ?? undefined;
  }
  return { settings };
}

/** The send limits in force: those of the sandbox, where no others are set. */
export function sendLimitsOf({ sandbox, sendRatePerSecond, sendBurst, maxSend24Hours }: SesSettings) {
  return {
    ratePerSecond: sendRatePerSecond ?? (sandbox ? SANDBOX_RATE_PER_SECOND : undefined),
    burst: sendBurst,
    max24Hours: maxSend24Hours ?? (sandbox ? SANDBOX_MAX_24_HOURS : undefined),
  };
}
