// Results that wait for clients which asked for a task.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FinishedTasks } from '../../../../../src/layers/bridge/tasks/finished-tasks.ts';

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function added(tasks: FinishedTasks, result: object, asked: object = {}): { taskId: string; ttl: number } {
  return JSON.parse(String(tasks.add(json(result), json(asked))));
}

it.each([
  [{ ttl: 7_000 }, 7_000],
  [{ ttl: 1e12 }, 3_600_000],
  [{}, 300_000],
  [{ ttl: -1 }, 300_000],
  [{ ttl: null }, 300_000],
  [{ ttl: 'x' }, 300_000],
])('a task for %j is kept for %i ms', (asked, ttl) => {
  const tasks = new FinishedTasks();
  const task = added(tasks, { content: [] }, asked);
  expect(task).toMatchObject({ status: 'completed', ttl });
  vi.advanceTimersByTime(ttl);
  expect(tasks.get(task.taskId)).toBeDefined();
  vi.advanceTimersByTime(1);
  expect(tasks.get(task.taskId)).toBeUndefined();
});

it('a result that is an error is a failure', () => {
  expect(added(new FinishedTasks(), { isError: true })).toMatchObject({ status: 'failed' });
});

it('the oldest go when there are more than a hundred, or too many bytes', () => {
  const many = new FinishedTasks();
  const ids = Array.from({ length: 101 }, () => added(many, {}).taskId);
  expect(ids.map((id) => many.get(id) !== undefined)).toEqual([false, ...Array(100).fill(true)]);
  const large = new FinishedTasks();
  const three = ['a', 'b', 'c'].map((text) => added(large, { text: text.repeat(6_000_000) }).taskId);
  expect(three.map((id) => large.get(id) !== undefined)).toEqual([false, true, true]);
  expect(large.add(json({ text: 'a'.repeat(17_000_000) }), json({}))).toBeUndefined();
});
