/**
 * The three functions of the metadata proposal that `@peculiar/x509` needs from its container, and no
 * more. Leaves an implementation that is there already alone. Import it before that package.
 */
type Key = string | symbol;
type Store = WeakMap<object, Map<Key, unknown>>;

interface MetadataReflect {
  defineMetadata?: (key: Key, value: unknown, target: object) => void;
  getOwnMetadata?: (key: Key, target: object) => unknown;
  getMetadata?: (key: Key, target: object) => unknown;
}

export function installReflectMetadata(reflect: MetadataReflect = Reflect as MetadataReflect): void {
  if (reflect.getMetadata !== undefined) return;
  const store: Store = new WeakMap();
  reflect.defineMetadata = (key, value, target) => {
    const entries = store.get(target) ?? new Map<Key, unknown>();
    store.set(target, entries.set(key, value));
  };
  reflect.getOwnMetadata = (key, target) => store.get(target)?.get(key);
  reflect.getMetadata = (key, target) => {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const entries = store.get(at);
      if (entries?.has(key)) return entries.get(key);
    }
    return undefined;
  };
}

installReflectMetadata();
