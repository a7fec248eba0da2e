import { describe, expect, it } from 'vitest';
import { type Accepts, accepts, acceptsEvents, isJson } from '../../../../src/downstream/http/accept.ts';

describe('Accept', () => {
  it.each<[header: string | undefined, post: Accepts | undefined, events: boolean]>([
    [undefined, 'both', true],
    ['*/*', 'both', true],
    ['application/json, text/event-stream', 'both', true],
    ['text/event-stream,application/json', 'both', true],
    ['Application/JSON, Text/Event-Stream', 'both', true],
    ['application/json;q=0.5, text/event-stream;charset=utf-8', 'both', true],
    ['application/*, text/*', 'both', true],
    ['text/html, */*;q=0.1', 'both', true],
    ['application/json', 'json', false],
    ['application/*', 'json', false],
    ['application/json; charset=utf-8, text/html', 'json', false],
    ['text/event-stream', 'events', true],
    ['text/*', 'events', true],
    ['text/html, text/event-stream', 'events', true],
    ['text/html', undefined, false],
    ['text/plain, image/*', undefined, false],
    ['application/xml', undefined, false],
    ['', undefined, false],
  ])('%j: a POST is answered with %s, a stream is taken: %s', (header, post, events) => {
    expect(accepts(header)).toBe(post);
    expect(acceptsEvents(header)).toBe(events);
  });
});

describe('Content-Type', () => {
  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json ; charset="utf-8"',
    'application/json;',
  ])('%j is JSON', (type) => {
    expect(isJson(type)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'text/plain',
    // Types that pages may send to any origin without a preflight.
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=application/json',
    'text/plain;application/json',
    'text/plain, application/json',
    'application/json, text/plain',
    'application/jsonp',
    'application/json-rpc',
    'application/problem+json',
    ' application/json',
    'application/ json',
  ])('%j is not', (type) => {
    expect(isJson(type)).toBe(false);
  });
});
