/** Below which path the HTTP API lies; apart from its schemas, so that a caller need not load those. */
export const apiRoot = '/api/v1';
