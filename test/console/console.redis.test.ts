process.env.CONSOLE_BACKEND = 'redis';
await import('./console.test.ts');

export {};
