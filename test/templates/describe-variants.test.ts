import { expect, it } from 'vitest';
import { describeVariants } from './describe-variants.ts';

const all = ['default', 'xray=true', 'api=rest', 'api=rest xray=true', 'stage=test'];

it.each([
  [all, 'every variant'],
  [['api=rest', 'api=rest xray=true'], 'every variant with api=rest'],
  [['default', 'xray=true', 'stage=test'], 'every variant without api=rest'],
  [['default', 'xray=true', 'api=rest xray=true'], 'every variant but: api=rest | stage=test'],
  [['default', 'api=rest'], '2 of 5 variants: default | api=rest'],
])('%j are named %j', (names, text) => {
  expect(describeVariants(names, all)).toBe(text);
});
