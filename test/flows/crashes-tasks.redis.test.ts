process.env.FLOWS_BACKEND = 'redis';
await import('./crashes-tasks.test.ts');
