/** Which page the address names: `#/projects/Household`, or a section of the front page. */
export const pages = ['devices', 'projects', 'workflows', 'jobs'] as const;
export type PageName = (typeof pages)[number];

export type Route =
  | { readonly page: 'home'; readonly section: string }
  /** `parts` are what is chosen on the page, such as a project. */
  | { readonly page: PageName; readonly parts: readonly string[] };

/** Anything unknown is the front page. */
export function routeOf(hash: string): Route {
  const text = hash.replace(/^#/, '');
  const [start, page, ...parts] = text.split('/');
  const known = start === '' ? pages.find((name) => name === page) : undefined;
  if (known === undefined) return { page: 'home', section: text };
  return { page: known, parts: parts.filter((part) => part !== '').map(decoded) };
}

export function linkTo(page: PageName, ...parts: readonly string[]): string {
  return `#/${[page, ...parts.map(encodeURIComponent)].join('/')}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
