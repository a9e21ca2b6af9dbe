/** The configuration pages of the three programs. */
import { cloudConfig } from '../../cloud/config.js';
import { agentConfig } from '../../device/config.js';
import { gatewayConfig } from '../../gateway/config.js';
import type { ConfigPage } from './configuration.js';

export const configPages: readonly ConfigPage[] = [
  { title: 'Agent', introduction: 'For `gatehouse agent run`.', schema: agentConfig },
  { title: 'Backend', introduction: 'For `gatehouse cloud run`.', schema: cloudConfig },
  { title: 'Gateway', introduction: 'For `gatehouse gateway run`.', schema: gatewayConfig },
];
