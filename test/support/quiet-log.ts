import { createLogger } from '../../core/log.js';

export const quietLog = createLogger({ level: 'error', format: 'text', write: () => {} });
