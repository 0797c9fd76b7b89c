import { expect, it } from 'vitest';
import { filterOf } from '../../../../../../functions/console/pages/emails/list/filter-names.ts';

it('passes on the filters of an address, without empty ones and others', () =>
  expect(filterOf({ status: 'sent', subject: '', view: 'raw', to: 'a@b.c' })).toEqual({ status: 'sent', to: 'a@b.c' }));
