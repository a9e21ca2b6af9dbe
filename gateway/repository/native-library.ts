/**
 * Functions of shared libraries, through the optional package `koffi`. Nothing here is needed: every
 * caller has a slower way of its own for machines where the package or the library is not there.
 */
import { createRequire } from 'node:module';

/** What is used of the package; stated here, so that this compiles where it is not installed. */
export interface NativeLibrary {
  /** Binds a C function; types are named as in C (`int`, `size_t`, `uint8_t*`, `void*`). */
  func<F>(name: string, result: string, parameters: readonly string[]): F;
  /** The C library's `errno` after the last call of this thread. */
  errno(): number;
}

interface Koffi {
  load(library: string | null): Pick<NativeLibrary, 'func'>;
  errno(): number;
}

/** A pointer to a C object, only to be handed back to C. */
export type Handle = { readonly isHandle: unique symbol };

/**
 * The first library of that name that can be loaded; null names the running program itself.
 * Undefined when there is none, or no `koffi`.
 */
export function openNativeLibrary(names: readonly (string | null)[]): NativeLibrary | undefined {
  let koffi: Koffi;
  try {
    // Not a literal, so that the compiler does not look the package up.
    const packageName: string = 'koffi';
    koffi = createRequire(import.meta.url)(packageName) as Koffi;
  } catch {
    return undefined;
  }
  for (const name of names) {
    try {
      const library = koffi.load(name);
      return {
        func: (symbol, result, parameters) => library.func(symbol, result, parameters),
        errno: () => koffi.errno(),
      };
    } catch {
      // The next name may do.
    }
  }
  return undefined;
}
