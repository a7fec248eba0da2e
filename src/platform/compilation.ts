/** How V8 compiles a process that passes messages on: hundreds of functions run in each call, and none of them for long. */

/**
 * Leaves out Sparkplug, the compiler that V8 uses first. It would translate all that a call runs through within the
 * first hundred calls, which is most calls of most users, and that takes longer than it saves: without it, they take a
 * tenth less time (`npm run bench`, first). What runs often is optimized all the same, so later calls cost no more.
 *
 * V8 uses no stored code under other flags than those it was stored under. So call this when the files of a start are
 * loaded; and the flag is as it was when Node stores compiled code, which it does at the end.
 */
export function skipBaselineCompiler(): void {
  // Where V8 has no such compiler, it must not be told to use it.
  if (process.arch !== 'x64' && process.arch !== 'arm64') return;
  const { setFlagsFromString } = process.getBuiltinModule('node:v8');
  setFlagsFromString('--no-sparkplug');
  process.once('exit', () => setFlagsFromString('--sparkplug'));
}
