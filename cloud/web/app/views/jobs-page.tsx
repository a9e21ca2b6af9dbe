/** All jobs and releases, or one job with its devices. */
import type { JobView } from '../../../../core/wire/jobs.js';
import type { ReleaseView } from '../../../../core/wire/releases.js';
import { countOf, sizeText } from '../format/counts.js';
import { deviceCount, documentText } from '../jobs/job-progress.js';
import { useSlice, useStore } from '../state/hooks.js';
import { uniqueById } from '../state/model.js';
import { linkTo } from '../state/route.js';
import type { State } from '../state/store.js';
import { useFresh } from '../state/tasks.js';
import { FaultNote } from './forms.js';
import { JobBar, JobState } from './job-bar.js';
import { JobDetail } from './job-detail.js';
import { PageHead, Waiting } from './page-head.js';
import { Ago, CommandLine, Empty, Section } from './parts.js';

const selectLoads = (state: State) => state.data.loads;
const selectJobs = (state: State) => state.data.jobs;

export function JobsPage({ parts: [id] }: { parts: readonly string[] }) {
  return id === undefined ? <JobList /> : <JobDetail key={id} id={id} />;
}

function JobList() {
  const { api } = useStore();
  const { value, fault } = useFresh(
    async () => ({ jobs: await api.jobs(), releases: await api.releases() }),
    useSlice(selectLoads),
  );
  const moved = useSlice(selectJobs);
  const jobs = uniqueById([...moved, ...(value?.jobs ?? [])]).sort(
    (a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt),
  );
  return (
    <>
      <PageHead title="Jobs" />
      <FaultNote fault={fault} />
      {value === undefined && fault === undefined && <Waiting />}
      {value !== undefined && jobs.length === 0 && (
        <Empty icon="job" title="No job yet">
          <p>A job is something that many devices are to do, such as an update, a few of them at first.</p>
          <CommandLine command="gatehouse job create --help" />
        </Empty>
      )}
      <ul class="cards cards-wide">
        {jobs.map((job) => (
          <JobCard key={job.id} job={job} />
        ))}
      </ul>
      {value !== undefined && <Releases releases={value.releases} />}
    </>
  );
}

function JobCard({ job }: { job: JobView }) {
  return (
    <li>
      <a class="card card-link" href={linkTo('jobs', job.id)}>
        <div class="card-head">
          <h3>{job.id}</h3>
          <JobState job={job} />
        </div>
        <p class="card-note">
          {job.description || documentText(job)}, {countOf(deviceCount(job), 'device')}, made{' '}
          <Ago time={job.createdAt} />
        </p>
        <JobBar job={job} />
        {job.reason !== null && <p class="card-note">Stopped: {job.reason}</p>}
      </a>
    </li>
  );
}

/** Where the artifact is, without its long name. */
function placeText({ object, url, keptBy }: ReleaseView): string {
  if (object !== undefined) return `kept in ${object.slice(0, object.lastIndexOf('/'))}`;
  return keptBy === 'backend' ? 'kept here' : `kept at ${new URL(url).host}`;
}

function Releases({ releases }: { releases: readonly ReleaseView[] }) {
  return (
    <Section id="releases" title="Releases">
      {releases.length === 0 ? (
        <p class="card-note">
          No release is published. One is signed and published on the command line: gatehouse release --help
        </p>
      ) : (
        <ul class="card rows">
          {releases.map((view) => (
            <li key={view.release.version} class="release">
              <strong>{view.release.version}</strong>
              <span>{sizeText(view.release.sizeBytes)}</span>
              <span class="card-note">
                published <Ago time={view.publishedAt} />, {placeText(view)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
