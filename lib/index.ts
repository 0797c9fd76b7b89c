/** The exports of the package `sendoff`. */
export { type Config, ConfigError, configFromContext, type OptionName } from './config.ts';
export { Sendoff, type SendoffProps } from './sendoff.ts';
export { SendoffStack } from './sendoff-stack.ts';
