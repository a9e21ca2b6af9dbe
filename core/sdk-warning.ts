/** What the SDK of AWS would say to the user, kept from them. */

/**
 * The SDK warns on the terminal about Node versions that its later releases will not take. That is
 * for us who choose the release, not for the user; this environment variable is its own switch, read
 * once when the first client is made. Everything else of the environment stays as it is.
 */
export function withoutNodeWarning<T>(make: () => T): T {
  const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
  const before = process.env[name];
  process.env[name] = 'true';
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}
