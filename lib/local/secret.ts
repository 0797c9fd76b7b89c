/** Options of a stack for the local cloud: with `backend: 'redis'` a secret must be named, whatever it is. */
export function localConfig(config: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const needsSecret = config.backend === 'redis' && !config.redisSecret && !config.redisParameter;
  return needsSecret ? { ...config, redisSecret: 'local' } : config;
}
