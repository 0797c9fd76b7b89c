import { describe, expect, it } from 'vitest';
import type { LocalLog } from '../../../../lib/local/cloud/log.ts';
import { createStack, creationOrder, resolveOutputs } from '../../../../lib/local/cloud/stack.ts';
import { evaluate, referencesIn, type Scope, type Template } from '../../../../lib/local/cloud/template.ts';

function scopeOf(template: Partial<Template>, parameters: Record<string, unknown> = {}): Scope {
  return {
    template: { Resources: {}, ...template },
    created: new Map([
      ['Queue', { ref: 'http://queue', attributes: { Arn: 'arn:aws:sqs:us-east-1:0:queue', 'Nested.Name': 'deep' } }],
    ]),
    parameters,
    pseudoParameters: { 'AWS::Region': 'us-east-1', 'AWS::Partition': 'aws', 'AWS::AccountId': '000000000000' },
  };
}

describe('intrinsic functions', () => {
  const mappings = { Mappings: { Sizes: { small: { memory: 128 } } } };
  const conditions = { Conditions: { Yes: { 'Fn::Equals': ['a', 'a'] }, No: { 'Fn::Not': [{ Condition: 'Yes' }] } } };
  it.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Queue' }, 'http://queue'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
    ['Ref of a parameter with a default', { Ref: 'BootstrapVersion' }, '/cdk-bootstrap/version'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'arn:aws:sqs:us-east-1:0:queue'],
    ['Fn::GetAtt as text, with a dot in the attribute', { 'Fn::GetAtt': 'Queue.Nested.Name' }, 'deep'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'AWS::Region' }]] }, 'a-us-east-1'],
    [
      'Fn::Sub',
      { 'Fn::Sub': '$' + '{AWS::Region}/$' + '{Queue.Arn}/$' + '{!kept}' },
      'us-east-1/arn:aws:sqs:us-east-1:0:queue/$' + '{kept}',
    ],
    ['Fn::Sub with variables', { 'Fn::Sub': ['x$' + '{a}', { a: { Ref: 'Queue' } }] }, 'xhttp://queue'],
    [
      'Fn::Select of Fn::Split',
      { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Queue', 'Arn'] }] }] },
      'queue',
    ],
    ['Fn::If', { 'Fn::If': ['No', 1, 2] }, 2],
    [
      'Fn::And and Fn::Or',
      [
        { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
        { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
      ],
      [false, true],
    ],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Sizes', 'small', 'memory'] }, 128],
    ['Fn::Base64', { 'Fn::Base64': 'a' }, 'YQ=='],
    ['AWS::NoValue in an object', { a: { Ref: 'AWS::NoValue' }, b: 1 }, { b: 1 }],
    ['AWS::NoValue in a list', [{ 'Fn::If': ['No', 'x', { Ref: 'AWS::NoValue' }] }, 'y'], ['y']],
    [
      'a policy condition is none',
      { Condition: { StringEquals: { a: { Ref: 'AWS::Region' } } } },
      { Condition: { StringEquals: { a: 'us-east-1' } } },
    ],
  ])('%s', (_name, value, expected) => {
    const Parameters = {
      BootstrapVersion: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/cdk-bootstrap/version' },
    };
    expect(evaluate(value, scopeOf({ ...mappings, ...conditions, Parameters }))).toEqual(expected);
  });

  it('takes a given parameter over its default', () => {
    const scope = scopeOf({ Parameters: { Stage: { Type: 'String', Default: 'dev' } } }, { Stage: 'prod' });
    expect(evaluate({ Ref: 'Stage' }, scope)).toBe('prod');
  });

  it.each<[string, unknown]>([
    ['Nothing', { Ref: 'Nothing' }],
    ['Missing', { 'Fn::GetAtt': ['Missing', 'Arn'] }],
    ['Colour', { 'Fn::GetAtt': ['Queue', 'Colour'] }],
    ['Fn::ImportValue', { 'Fn::ImportValue': 'x' }],
    ['large', { 'Fn::FindInMap': ['Sizes', 'large', 'memory'] }],
    ['Fn::Select 3', { 'Fn::Select': [3, ['a']] }],
    ['Maybe', { 'Fn::If': ['Maybe', 1, 2] }],
  ])('names what it cannot resolve: %s', (name, value) => {
    expect(() => evaluate(value, scopeOf(mappings))).toThrow(name);
  });
});

describe('the order of creation', () => {
  const type = { Type: 'T' };
  it('puts a resource after what it refers to or depends on', () => {
    const order = creationOrder({
      Resources: {
        A: { ...type, Properties: { x: { 'Fn::Sub': '$' + '{B.Arn}' } } },
        B: { ...type, DependsOn: 'C', Properties: { y: [{ Ref: 'D' }] } },
        C: { ...type, Properties: { z: { 'Fn::GetAtt': ['D', 'Arn'] } } },
        D: type,
      },
    });
    expect(order).toEqual(['D', 'C', 'B', 'A']);
  });

  it('refuses a circle, naming it', () => {
    const Resources = { A: { ...type, DependsOn: 'B' }, B: { ...type, Properties: { a: { Ref: 'A' } } } };
    expect(() => creationOrder({ Resources })).toThrow('A → B → A');
  });

  it('sees references in the variables of Fn::Sub', () => {
    expect(referencesIn({ 'Fn::Sub': ['$' + '{a}', { a: { Ref: 'Queue' } }] })).toContain('Queue');
  });
});

describe('creating a stack', () => {
  it('refuses types it does not know before it creates anything, naming each', async () => {
    const created: string[] = [];
    const types = new Map([
      ['Known', ({ logicalId }: { logicalId: string }) => ({ ref: String(created.push(logicalId)), attributes: {} })],
    ]);
    const scope = scopeOf({
      Resources: { A: { Type: 'Known' }, B: { Type: 'AWS::Foo::Bar' }, C: { Type: 'AWS::Foo::Baz' } },
    });
    await expect(createStack(scope, types, new Set(), () => {})).rejects.toThrow(
      'AWS::Foo::Bar (B), AWS::Foo::Baz (C)',
    );
    expect(created).toEqual([]);
  });

  it('leaves out resources whose condition does not hold, and skips types without local behaviour', async () => {
    const types = new Map([['Known', () => ({ ref: 'ref', attributes: {} })]]);
    const scope = scopeOf({
      Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
      Resources: { A: { Type: 'Known' }, B: { Type: 'Known', Condition: 'Never' }, Alarm: { Type: 'Alarm' } },
      Outputs: {
        A: { Value: { Ref: 'A' } },
        B: { Value: { Ref: 'B' }, Condition: 'Never' },
        Alarm: { Value: { 'Fn::GetAtt': ['Alarm', 'Arn'] } },
      },
    });
    await createStack(scope, types, new Set(['Alarm']), () => {});
    expect(scope.created.has('B')).toBe(false);
    expect(resolveOutputs(scope)).toEqual({ A: 'ref', Alarm: 'arn:aws:local:::Alarm/Arn' });
  });

  it('leaves out what is not known or cannot be created when it is told to, and says why', async () => {
    const types = new Map([
      ['Known', () => ({ ref: 'ref', attributes: {} })],
      [
        'Broken',
        () => {
          throw new Error('no room');
        },
      ],
    ]);
    const scope = scopeOf({
      Resources: {
        A: { Type: 'AWS::Foo::Bar' },
        B: { Type: 'Broken' },
        C: { Type: 'Known', Properties: { of: { 'Fn::GetAtt': ['A', 'Arn'] } } },
      },
    });
    const skipped: string[] = [];
    const log: LocalLog = (event) =>
      event.kind === 'skipped' && void skipped.push(`${event.logicalId}: ${event.reason}`);
    await createStack(scope, types, new Set(), log, true);
    expect(skipped).toEqual(['A: the local cloud does not know this type', 'B: no room']);
    expect([...scope.created.keys()]).toEqual(expect.arrayContaining(['A', 'B', 'C']));
  });

  it('says which resource failed and keeps the cause', async () => {
    const cause = new Error('no room');
    const types = new Map([
      [
        'Known',
        () => {
          throw cause;
        },
      ],
    ]);
    const creating = createStack(scopeOf({ Resources: { Full: { Type: 'Known' } } }), types, new Set(), () => {});
    await expect(creating).rejects.toMatchObject({ message: expect.stringContaining('Known Full'), cause });
  });
});
