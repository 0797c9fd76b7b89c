// The same flows as in wire.test.ts, behind the other kind of API.
process.env.FLOWS_API = 'rest';
await import('./wire.test.ts');

export {};
