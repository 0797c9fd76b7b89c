// The flows are those of wire.test.ts, every one, behind the other kind of API.
process.env.FLOWS_API = 'rest';
await import('./wire.test.ts');

export {};
