// Tasks of one era as the other era has them.
import { describe, expect, it } from 'vitest';
import { readResult } from '../../../../src/mcp/eras/legacy-result.ts';
import { needsTasksDeclared, taskOnlyTools, withTaskSupport } from '../../../../src/mcp/eras/task-support.ts';
import {
  createdTask,
  legacyCreated,
  legacyTask,
  modernCreated,
  modernTask,
  type TaskPayload,
  taskState,
  withoutRelation,
} from '../../../../src/mcp/eras/tasks.ts';

const json = (text: string): Buffer => Buffer.from(text);
const RELATED = '"io.modelcontextprotocol/related-task":{"taskId":"t"}';

describe('legacyTask', () => {
  it.each([
    ['the names', '{"taskId":"t","ttlMs":5,"pollIntervalMs":7}', '{"taskId":"t","ttl":5,"pollInterval":7}'],
    ['a time without end', '{"taskId":"t","ttlMs":null}', '{"taskId":"t","ttl":null}'],
    ['a time that is missing', '{"taskId":"t"}', '{"taskId":"t","ttl":null}'],
    ['what all results have', '{"resultType":"complete","taskId":"t","ttlMs":1}', '{"taskId":"t","ttl":1}'],
    ['what it brings along', '{"ttlMs":1,"result":{},"error":{},"inputRequests":{}}', '{"ttl":1}'],
    [
      'big numbers and other members',
      '{"ttlMs":12345678901234567890,"x":[ 1 ]}',
      '{"ttl":12345678901234567890,"x":[ 1 ]}',
    ],
    ['names of both eras', '{"ttlMs":1,"ttl":2}', '{"ttl":2}'],
    [
      'a tool that reports an error',
      '{"status":"completed","ttlMs":1,"result":{"isError":true}}',
      '{"status":"failed","ttl":1}',
    ],
  ])('with %s', (_, modern, legacy) => {
    expect(legacyTask(readResult(json(modern))).toString()).toBe(legacy);
  });
});

describe('modernTask', () => {
  it.each<[string, string, TaskPayload | undefined, string]>([
    [
      'at work',
      '{"status":"working","ttl":5,"pollInterval":7}',
      undefined,
      '{"status":"working","ttlMs":5,"pollIntervalMs":7}',
    ],
    ['that waits for nothing', '{"status":"input_required","ttl":5}', undefined, '{"status":"working","ttlMs":5}'],
    [
      'that asks',
      '{"status":"working","ttl":5}',
      { inputRequests: json('{"r1":1.0}') },
      '{"status":"input_required","ttlMs":5,"inputRequests":{"r1":1.0}}',
    ],
    [
      'that has failed for a tool',
      '{"status":"failed","ttl":5}',
      { result: json(`{"isError":true,"_meta":{${RELATED}}}`) },
      '{"status":"completed","ttlMs":5,"result":{"isError":true}}',
    ],
    [
      'that has failed for the protocol',
      '{"status":"completed","ttl":null}',
      { error: json('{"code":-1}') },
      '{"status":"failed","ttlMs":null,"error":{"code":-1}}',
    ],
    [
      'with members that are not for it',
      '{"status":"working","ttl":1,"result":{}}',
      undefined,
      '{"status":"working","ttlMs":1}',
    ],
  ])('%s', (_, legacy, payload, modern) => {
    expect(modernTask(json(legacy), payload).toString()).toBe(modern);
  });
});

describe('the result of a call that has become a task', () => {
  const TASK = '"taskId":"t","status":"working"';

  it('is an object in 2025-11-25, and flat in 2026-07-28', () => {
    const modern = readResult(json(`{"resultType":"task",${TASK},"ttlMs":1,"_meta":{"x":1.0}}`));
    expect(legacyCreated(modern).toString()).toBe(`{"task":{${TASK},"ttl":1},"_meta":{"x":1.0}}`);
    const legacy = json(`{"task":{${TASK},"ttl":1},"_meta":{"x":1.0}}`);
    const flat = `{${TASK},"ttlMs":1,"resultType":"task","_meta":{"x":1.0}}`;
    expect(modernCreated(legacy, createdTask(legacy) as Buffer).toString()).toBe(flat);
  });

  it.each(['{}', '{"task":1}', '{"task":{}}', '{"task":{"taskId":"","status":"working"}}', '{"task":{"taskId":"t"}}'])(
    'is none in %s',
    (result) => expect(createdTask(json(result))).toBeUndefined(),
  );
});

describe('taskState', () => {
  it.each([
    ['{"taskId":"t","status":"working","ttl":5,"pollInterval":7}', { interval: 7, lifetime: 5, isOver: false }],
    ['{"taskId":"t","status":"failed","ttlMs":5,"pollIntervalMs":7}', { interval: 7, lifetime: 5, isOver: true }],
    ['{"taskId":"t","status":"completed","ttlMs":null}', { interval: undefined, lifetime: undefined, isOver: true }],
    [
      '{"taskId":"t","status":"cancelled","ttlMs":-1,"pollIntervalMs":"1s"}',
      { interval: undefined, lifetime: undefined },
    ],
    ['{"taskId":"t","status":"new"}', { isOver: false }],
  ])('of %s', (task, state) => expect(taskState(json(task))).toMatchObject(state));

  it.each([
    '{"taskId":7,"status":"working"}',
    '{"status":"working"}',
    '[]',
    '{"taskId":"a","taskId":"b","status":"working"}',
  ])('is not to be had of %s', (task) => expect(taskState(json(task))).toBeUndefined());
});

describe('withoutRelation', () => {
  it.each([
    [`{"a":1,"_meta":{${RELATED}}}`, '{"a":1}'],
    [`{"a":1,"_meta":{"x":2,${RELATED}}}`, '{"a":1,"_meta":{"x":2}}'],
    ['{ "a":1,"_meta":{}}', '{ "a":1,"_meta":{}}'],
  ])('of %s', (result, expected) => expect(withoutRelation(json(result)).toString()).toBe(expected));
});

describe('tools', () => {
  it('can all become tasks, unless they say something else', () => {
    const list =
      '{"tools":[{"name":"a"},{"name":"b","execution":{"taskSupport":"forbidden"}},{"execution":{"x":1}},7]}';
    expect(withTaskSupport(json(list)).toString()).toBe(
      '{"tools":[{"name":"a","execution":{"taskSupport":"optional"}},{"name":"b","execution":{"taskSupport":"forbidden"}},' +
        '{"execution":{"x":1,"taskSupport":"optional"}},7]}',
    );
  });

  it.each([
    ['{"tools":[{"name":"a","execution":{"taskSupport":"required"}},{"name":"b"}]}', ['a']],
    ['{"tools":[{"name":"a","execution":{"task\\u0053upport":"requ\\u0069red"}}]}', ['a']],
    ['{"tools":[{"name":"required","execution":{"taskSupport":"optional"}}]}', []],
    ['{"tools":{"required":1}}', []],
    ['{"tools":[{"name":"a","name":"b","execution":{"taskSupport":"required"}}]}', []],
  ])('of %s that are only tasks', (list, names) => expect(taskOnlyTools(json(list))).toEqual(names));
});

describe('needsTasksDeclared', () => {
  const required = (capabilities: string): string => `{"code":-32021,"data":{"requiredCapabilities":${capabilities}}}`;
  it.each([
    ['the extension', required('{"extensions":{"io.modelcontextprotocol/tasks":{}}}'), true],
    ['another extension too', required('{"extensions":{"io.modelcontextprotocol/tasks":{},"a/b":{}}}'), false],
    ['another capability too', required('{"extensions":{"io.modelcontextprotocol/tasks":{}},"roots":{}}'), false],
    ['nothing', '{"code":-32021}', false],
    ['no capability, under another code', '{"code":-32601,"data":{}}', false],
  ])('of an error that names %s', (_, error, expected) => {
    expect(needsTasksDeclared({ error: json(error) })).toBe(expected);
  });
});
