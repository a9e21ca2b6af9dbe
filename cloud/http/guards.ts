/**
 * What every request passes before it reaches a route: whose host it names, where a change comes
 * from, who sends it; and the headers that every answer carries.
 */
import type { MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Secret } from '../../core/secret.js';
import { isSession, isToken } from './api-token.js';
import { hostRefused, originRefused, unauthorised } from './errors.js';

export const sessionCookie = 'gatehouse_session';

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

const securityHeaders = {
  // Everything comes from our own files; the page needs nothing else.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export function secureHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value);
  };
}

/**
 * Against DNS rebinding: a page elsewhere can make its own name point here, but not ours.
 * Bound to other than loopback and without a list, every name is accepted: the token decides.
 */
export function checkHost(boundTo: string, allowedHosts: readonly string[]): MiddlewareHandler {
  const known = new Set([...loopbackNames, ...allowedHosts.map((host) => host.toLowerCase())]);
  const anyName = !isLoopback(boundTo) && allowedHosts.length === 0;
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    const name = host.replace(/:\d+$/, '').toLowerCase();
    if (!anyName && !known.has(name) && !known.has(host.toLowerCase())) throw hostRefused(host);
    await next();
  };
}

/** A browser tells where a change comes from; a page elsewhere must not make one with our cookie. */
export function checkOrigin(): MiddlewareHandler {
  return async (c, next) => {
    const origin = c.req.header('origin');
    if (!safeMethods.has(c.req.method) && origin !== undefined) {
      const host = c.req.header('host');
      if (origin !== `http://${host}` && origin !== `https://${host}`) throw originRefused(origin);
    }
    await next();
  };
}

/** Wants the token as a bearer, or the dashboard's session cookie. */
export function requireToken(token: Secret): MiddlewareHandler {
  return async (c, next) => {
    const bearer = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1];
    const cookie = getCookie(c, sessionCookie);
    const known =
      (bearer !== undefined && isToken(token, bearer)) || (cookie !== undefined && isSession(token, cookie));
    if (!known) throw unauthorised();
    await next();
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
