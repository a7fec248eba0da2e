/** What is known about a host: the program that starts this one. */

/** A place where a host keeps its configuration. Both are templates: see `places.ts`. */
export interface Location {
  /** The folder that exists once the host is installed. */
  readonly folder: string;
  /** The configuration file, relative to the folder. */
  readonly file: string;
}

export interface Host {
  /** The word on the command line. */
  readonly id: string;
  readonly aliases?: readonly string[];
  /** The name that users know. */
  readonly name: string;
  readonly format: 'json' | 'toml';
  /** The member of the file that has the servers. */
  readonly section: string;
  /** The user's configuration, by platform (`process.platform`). `other` is every platform that is not listed. */
  readonly user: { readonly other: readonly Location[] } & Partial<Record<'darwin' | 'win32', readonly Location[]>>;
  /** A variable that replaces all of these: the file in the folder that it names, or the file itself if empty. */
  readonly override?: { readonly variable: string; readonly file: string };
  /** Files relative to a project's folder. Without them, the host has no configuration for projects. */
  readonly project?: readonly string[];
  /** Programs in PATH that exist once the host is installed. */
  readonly programs: readonly string[];
  readonly shape: Shape;
  /** What the host replaces in the values of `env` before it starts a server, if anything. */
  readonly expands?: RegExp;
  /** A reference to a variable that is written differently here than `${NAME}`, with the name as its first group. */
  readonly variable?: RegExp;
  /** `all`: servers get the environment of the host, and that of the shell in which the host was started. `short`: a few variables. */
  readonly inherits: 'all' | 'short';
  /** What the user does to make the host read its configuration again. */
  readonly reload: string;
}

/** How the host writes a server. */
interface Shape {
  /** Members that are the same in every entry. */
  readonly fixed?: Readonly<Record<string, string | boolean>>;
  /** Whether `command` is an array that includes the arguments. */
  readonly commandIsArray?: true;
  /** The member with the variables. */
  readonly env: 'env' | 'environment';
  /** The member that names variables of the host's environment, where servers do not get them otherwise. */
  readonly inherited?: 'env_vars';
}

/** A program to start, as every host can. */
export interface Entry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Variables that the program needs from the environment of the host. */
  readonly inherited?: readonly string[];
}
