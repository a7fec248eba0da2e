/** A log for parts whose findings the doctor tells in its own words. */
import type { Log } from '../../../../core/ports.ts';

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
