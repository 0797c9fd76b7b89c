process.env.FLOWS_BACKEND = 'redis';
await import('./tasks.test.ts');
