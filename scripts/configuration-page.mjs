/** Writes docs/configuration.md from the schemas; a test fails when it is out of date. */
import { writeFileSync } from 'node:fs';
import { configurationPage } from '../dist/cli/reference/configuration.js';
import { configPages } from '../dist/cli/reference/pages.js';

writeFileSync(new URL('../docs/configuration.md', import.meta.url), configurationPage(configPages));
