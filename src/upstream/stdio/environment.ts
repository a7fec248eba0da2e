/** The environment of a local server. Pure. */

type Variables = Readonly<Record<string, string | undefined>>;

/** What a program needs to run at all, and what says who and where its user is; never a credential. */
const SHORT_LIST: Readonly<Record<'posix' | 'win32', readonly string[]>> = {
  posix: ['HOME', 'LANG', 'LANGUAGE', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'TZ', 'USER'],
  win32: [
    'APPDATA',
    'COMSPEC',
    'HOMEDRIVE',
    'HOMEPATH',
    'LOCALAPPDATA',
    'NUMBER_OF_PROCESSORS',
    'PATH',
    'PATHEXT',
    'PROCESSOR_ARCHITECTURE',
    'PROGRAMDATA',
    'PROGRAMFILES',
    'PROGRAMFILES(X86)',
    'SYSTEMDRIVE',
    'SYSTEMROOT',
    'TEMP',
    'TMP',
    'USERNAME',
    'USERPROFILE',
    'WINDIR',
  ],
};

export interface EnvironmentChoice {
  /** Variables of the server, which replace inherited ones. */
  readonly env: readonly (readonly [name: string, value: string])[];
  /** Inherits the short list only. */
  readonly cleanEnv: boolean;
  /** Variables that are ours alone: their values are secrets of the proxy. */
  readonly withheld: readonly string[];
}

/** @param inherited the environment of the proxy */
export function serverEnvironment(
  inherited: Variables,
  { env, cleanEnv, withheld }: EnvironmentChoice,
  platform: string = process.platform,
): Record<string, string> {
  // On Windows, names of variables have no case.
  const key = (name: string): string => (platform === 'win32' ? name.toUpperCase() : name);
  const short = new Set(SHORT_LIST[platform === 'win32' ? 'win32' : 'posix']);
  const isShort = (name: string): boolean => short.has(key(name)) || (platform !== 'win32' && name.startsWith('LC_'));
  const without = new Set([...withheld, ...env.map(([name]) => name)].map(key));
  const result: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(inherited)) {
    if (value === undefined || without.has(key(name)) || (cleanEnv && !isShort(name))) continue;
    result[name] = value;
  }
  for (const [name, value] of env) result[name] = value;
  return result;
}
