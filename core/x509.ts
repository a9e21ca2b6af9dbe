/** Certificates and requests: `@peculiar/x509` on Node's WebCrypto, with what it needs loaded first. */
import './reflect-metadata.js';
import * as x509 from '@peculiar/x509';

export { x509 };
