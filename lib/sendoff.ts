import type { Construct } from 'constructs';
import { type Config, parseConfig, type RenamedOptions } from './config.ts';
import { SendoffService } from './sendoff-service.ts';

/** The options of lib/config/options.ts, which has their defaults, ranges and meanings; `stage` is an option of the stack only. */
export type SendoffProps = Partial<Omit<Config, 'stage'>> & RenamedOptions;

/**
 * Sendoff as a construct: an HTTPS API that answers at once, queues, and functions that send through Amazon SES.
 * Throws a ConfigError that names the prop, its value and its range if a value is not allowed.
 *
 * @example
 * const mail = new Sendoff(stack, 'Mail', { domain: 'mail.example.com', maxConcurrency: 20 });
 * new CfnOutput(stack, 'MailApi', { value: mail.apiUrl });
 *
 * // A function that accepts emails without the HTTP hop:
 * mail.grantAccept(myFunction);
 * for (const [name, value] of Object.entries(mail.acceptEnvironment)) myFunction.addEnvironment(name, value);
 */
export class Sendoff extends SendoffService {
  constructor(scope: Construct, id: string, props: SendoffProps = {}) {
    super(scope, id, parseConfig(props));
  }
}
