/**
 * Ends a list whose pages lead in a circle. A server that ignores the cursor sends the same page for ever, and a client
 * that follows it collects the same tools again and again.
 */
import { type Layer, requestLayer } from '../core/layer.ts';
import type { Log } from '../core/ports.ts';
import { isFirstPage } from '../mcp/tool-list.ts';
import type { PageTrails } from './page-trails.ts';

export function repeatedPage(log: Log): Layer {
  return requestLayer((next) => {
    let trails: Promise<PageTrails> | undefined;
    return (exchange) => {
      const { call } = exchange;
      const replied = next(exchange);
      // Nearly every request: nothing is added to its way.
      if (!call.method.endsWith('/list')) return replied;
      return replied.then((reply) => {
        // Most lists have one page, which is not looked at any closer.
        if ('error' in reply || (isFirstPage(call) && !reply.result.includes('"nextCursor"'))) return reply;
        trails ??= import('./page-trails.ts').then((module) => new module.PageTrails(log));
        return trails.then((known) => known.follow(call, reply));
      });
    };
  });
}
