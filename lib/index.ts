/** What `import … from 'sendoff'` offers. */
export { type Config, ConfigError, configFromContext, type OptionName } from './config.ts';
export { Sendoff, type SendoffProps } from './sendoff.ts';
export { SendoffStack } from './sendoff-stack.ts';
