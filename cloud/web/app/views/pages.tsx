/** The pages behind the first one. They come in a file of their own: see `later-page.tsx`. */
import { DevicesPage } from './devices-page.js';
import { JobsPage } from './jobs-page.js';
import type { PageRoute } from './later-page.js';
import { ProjectsPage } from './projects-page.js';
import { WorkflowsPage } from './workflows-page.js';

export function Pages({ route: { page, parts } }: { route: PageRoute }) {
  switch (page) {
    case 'devices':
      return <DevicesPage />;
    case 'projects':
      return <ProjectsPage parts={parts} />;
    case 'workflows':
      return <WorkflowsPage parts={parts} />;
    case 'jobs':
      return <JobsPage parts={parts} />;
  }
}
