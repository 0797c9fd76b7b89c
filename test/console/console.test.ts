import { describe } from 'vitest';
import { backend } from './backend.ts';
import { isWanted } from './running.ts';
import { testDemo } from './suites/demo.ts';
import { testFailures } from './suites/failures.ts';
import { testHostileEmail } from './suites/hostile-email.ts';
import { testJourneys } from './suites/journeys.ts';
import { testKeyboard } from './suites/keyboard.ts';
import { testLayoutShift } from './suites/layout-shift.ts';
import { testPages } from './suites/pages.ts';
import { testScreenshots } from './suites/screenshots.ts';
import { testSpeed } from './suites/speed.ts';

// Both backends have the journeys; the rest, which is the same page, is shared between them so that both take as long.
describe.runIf(isWanted)(`the console, backend=${backend}`, () => {
  if (backend === 'aws') {
    testScreenshots();
    testPages();
    testHostileEmail();
    testDemo();
  } else {
    testKeyboard();
    testFailures();
  }
  testJourneys();
  if (backend === 'redis') {
    testLayoutShift();
    testSpeed();
  }
});
