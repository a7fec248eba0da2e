/** What the clients of several servers see: the lists of all of them, and which server a name or a URI belongs to. */
import type { Json } from '../../core/json.ts';
import { peekText } from '../../core/json.ts';
import { SIGN_IN_TOOL } from '../first-contact/sign-in-tool.ts';
import type { Catalog, CatalogChanges } from './catalog.ts';
import { LISTS } from './lists/whole-list.ts';
import { prefixedName, shownNames } from './names.ts';
import { type ShownUri, withShownLinks, withText } from './rewrite.ts';
import { mayComeFrom, prefixedUri, withoutServer } from './uris.ts';

/** One server, with what is known of it. */
export interface Listed {
  readonly name: string;
  readonly prefix: boolean;
  readonly catalog: Catalog;
}

/** Where a request goes: the server, and its own name or URI. */
export interface Route {
  readonly server: Listed;
  readonly own: string;
}

/** What clients see of the tools or of the prompts. */
interface Names {
  readonly routes: ReadonlyMap<string, Route>;
  readonly shown: ReadonlyMap<Listed, readonly string[]>;
}

/** What clients see of resources and templates. */
interface Uris {
  readonly routes: ReadonlyMap<string, Route>;
  /** The URIs of a server that clients see differently. */
  readonly changed: ReadonlyMap<Listed, ReadonlyMap<string, string>>;
}

const TOOLS = 'tools/list';
const RESOURCES = 'resources/list';
const TEMPLATES = 'resources/templates/list';

export class Directory {
  readonly servers: readonly Listed[];
  readonly #changes: CatalogChanges;
  /** After how many changes of catalogs the rest was found. */
  #found = -1;
  readonly #names = new Map<string, Names>();
  readonly #lists = new Map<string, readonly Json[]>();
  #uris: Uris | undefined;

  /** @param changes of the servers' catalogs */
  constructor(servers: readonly Listed[], changes: CatalogChanges) {
    this.servers = servers;
    this.#changes = changes;
  }

  /** The entries of all servers. The same array as long as nothing has changed. */
  list(method: string): readonly Json[] {
    this.#look();
    const known = this.#lists.get(method) ?? this.servers.flatMap((server) => this.#entriesOf(method, server));
    this.#lists.set(method, known);
    return known;
  }

  /** The server of a tool or a prompt. */
  named(method: string, name: string): Route | undefined {
    this.#look();
    const route = this.#namesOf(method).routes.get(name);
    if (route) return route;
    const server = this.servers.find((one) => name.startsWith(prefixedName(one.name, '')));
    return server && { server, own: name.slice(prefixedName(server.name, '').length) };
  }

  /** The name under which clients see the tool or the prompt of a route; undefined when its server does not list it. */
  shownName(method: string, { server, own }: Route): string | undefined {
    this.#look();
    const at = server.catalog.list(method)?.keys.indexOf(own) ?? -1;
    return at === -1 ? undefined : this.#namesOf(method).shown.get(server)?.[at];
  }

  /** The names that clients see of the tools or prompts that a server calls like this. */
  alternatives(method: string, own: string): string[] {
    return this.servers.flatMap((server) => this.shownName(method, { server, own }) ?? []);
  }

  /** The server of a resource or a template, as far as the lists say. */
  located(uri: string): Route | undefined {
    this.#look();
    const listed = this.#resources().routes.get(uri);
    if (listed) return listed;
    for (const server of this.servers) {
      const own = withoutServer(server.name, uri);
      if (own !== undefined) return { server, own };
    }
    const { changed } = this.#resources();
    const sourceOf = (isMeant: (one: Listed, template: string) => boolean): Listed | undefined =>
      this.servers.find((one) =>
        one.catalog.list(TEMPLATES)?.keys.some((template) => isMeant(one, template) && mayComeFrom(template, uri)),
      );
    // A template that clients see with its server in it is meant last: they fill in the one that they see.
    const server = sourceOf((one, template) => !changed.get(one)?.has(template)) ?? sourceOf(() => true);
    return server && { server, own: uri };
  }

  /** How clients see the URIs of a server; undefined when they see them as they are. */
  shownUris(server: Listed): ShownUri | undefined {
    this.#look();
    const changed = this.#resources().changed.get(server);
    return changed && ((uri) => changed.get(uri));
  }

  /** Forgets what is no longer true. */
  #look(): void {
    const { count } = this.#changes;
    if (count === this.#found) return;
    this.#found = count;
    this.#names.clear();
    this.#lists.clear();
    this.#uris = undefined;
  }

  #entriesOf(method: string, server: Listed): readonly Json[] {
    const known = server.catalog.list(method);
    if (!known) return [];
    const uris = this.shownUris(server);
    if (method === RESOURCES || method === TEMPLATES) {
      if (!uris) return known.entries;
      const key = LISTS.get(method) as string;
      return known.entries.map((entry, at) => {
        const shown = uris(known.keys[at] as string);
        return shown === undefined ? entry : withText(entry, key, shown);
      });
    }
    const names = this.#namesOf(method).shown.get(server) ?? [];
    return known.entries.map((entry, at) => {
      const shown = names[at] as string;
      const named = shown === known.keys[at] ? entry : withText(entry, 'name', shown);
      return uris ? withShownLinks(named, uris) : named;
    });
  }

  #namesOf(method: string): Names {
    const known = this.#names.get(method);
    if (known) return known;
    const names = this.#readNames(method);
    this.#names.set(method, names);
    return names;
  }

  #readNames(method: string): Names {
    const all = this.servers.map(({ name, prefix, catalog }) => {
      // Several servers may wait for their users at the same time.
      const isPrefixed = (own: string): boolean => prefix || own === SIGN_IN_TOOL || this.#isOfOther(name, own);
      return { server: name, prefix: isPrefixed, names: catalog.list(method)?.keys ?? [] };
    });
    const shown = shownNames(all);
    const routes = new Map<string, Route>();
    this.servers.forEach((server, at) => {
      all[at]?.names.forEach((own, index) => {
        routes.set(shown[at]?.[index] as string, { server, own });
      });
    });
    return { routes, shown: new Map(this.servers.map((server, at) => [server, shown[at] as string[]])) };
  }

  /** Whether a server's own name looks like a name of another server, even one whose lists are not known yet. */
  #isOfOther(server: string, own: string): boolean {
    return this.servers.some(({ name }) => name !== server && own.startsWith(prefixedName(name, '')));
  }

  #resources(): Uris {
    this.#uris ??= this.#readUris();
    return this.#uris;
  }

  #readUris(): Uris {
    const all = this.servers.map(({ name, prefix, catalog }) => {
      return { server: name, prefix: () => prefix, names: [...new Set(urisOf(catalog))] };
    });
    const shown = shownNames(all, prefixedUri);
    const routes = new Map<string, Route>();
    const changed = new Map<Listed, Map<string, string>>();
    this.servers.forEach((server, at) => {
      const own = new Map<string, string>();
      all[at]?.names.forEach((uri, index) => {
        const seen = shown[at]?.[index] as string;
        routes.set(seen, { server, own: uri });
        if (seen !== uri) own.set(uri, seen);
      });
      if (own.size > 0) changed.set(server, own);
    });
    return { routes, changed };
  }
}

/** Every URI and template that a server lists, and those that its tools link to. */
function urisOf(catalog: Catalog): string[] {
  const links = (catalog.list(TOOLS)?.entries ?? []).flatMap((tool) => {
    return [peekText(tool, '_meta', 'ui', 'resourceUri') ?? [], peekText(tool, '_meta', 'ui/resourceUri') ?? []].flat();
  });
  return [...(catalog.list(RESOURCES)?.keys ?? []), ...(catalog.list(TEMPLATES)?.keys ?? []), ...links];
}
