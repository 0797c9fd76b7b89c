#!/usr/bin/env node
/**
 * `npm run demo` sends one email. `npm run demo -- broadcast [RECIPIENTS] [redis]` sends to 1,000 recipients, or as many as are named,
 * while workers are killed; it ends with exit code 1 if one of them got no email or two. `npm run demo -- --browser` opens a page that
 * compares sending inside the request with Sendoff.
 */
const [what = 'email', ...rest] = process.argv.slice(2);

if (what === 'email') await import('./demo/email.ts');
else if (what === 'broadcast') {
  const { demonstrateBroadcast } = await import('./demo/broadcast.ts');
  process.exitCode = (await demonstrateBroadcast(rest)) ? 0 : 1;
} else if (what === '--browser') {
  const { demonstrateInBrowser } = await import('./demo/browser/demonstrate.ts');
  await demonstrateInBrowser();
} else {
  process.stderr.write(
    `There is no demo ${what}. Run: npm run demo [-- email | --browser | broadcast [RECIPIENTS] [redis]]\n`,
  );
  process.exitCode = 2;
}
