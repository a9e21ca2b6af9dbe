import { expect, test } from 'vitest';
import { ProjectStore } from '../../../cloud/projects/project-store.js';
import { seedProjects } from '../../../cloud/projects/seed.js';
import { type ProjectSeed, projectSeeds } from '../../../cloud/projects/shapes.js';
import { cloudDatabase } from '../../support/cloud-database.js';
import { FakeClock } from '../../support/fake-clock.js';

const types: Record<string, string> = { 'button-1': 'button', 'button-2': 'button', 'probe-1': 'sensor' };
const callback = 'arn:aws:lambda:local:000000000000:function:hello';
const template = {
  defaultAttributes: { Building: 'Main', Floor: '0' },
  deviceTemplates: {
    left: { deviceType: 'button', callbackOverrides: { onClickCallback: callback } },
    right: { deviceType: 'button' },
  },
};
const slot = { projectName: 'P', placementName: 'Q', deviceTemplateName: 'left' };

async function open(database?: Awaited<ReturnType<typeof cloudDatabase>>) {
  const clock = new FakeClock(1_000);
  const store = await ProjectStore.open(database ?? (await cloudDatabase()), clock, async (name) =>
    name in types ? [types[name] ?? ''] : undefined,
  );
  return { store, clock };
}

async function openWithPlacement() {
  const database = await cloudDatabase();
  const { store, clock } = await open(database);
  await store.createProject('P', { description: 'doors', placementTemplate: template });
  await store.createPlacement('P', 'Q', { Floor: '2', Room: '17' });
  return { database, store, clock };
}

test('a placed thing is found with merged attributes and its callback, also after reopening', async () => {
  const { database, store } = await openWithPlacement();
  await store.associate(slot, 'button-1');
  const expected = {
    ...slot,
    attributes: { Building: 'Main', Floor: '2', Room: '17' },
    devices: { left: 'button-1' },
    onClickCallback: callback,
  };
  expect(store.placementOf('button-1')).toEqual(expected);
  const { store: reopened } = await open(database);
  expect(reopened.placementOf('button-1')).toEqual(expected);
  expect(reopened.project('P')).toMatchObject({ description: 'doors', version: 1 });
  expect(reopened.placementsOf('P')).toMatchObject([
    { placementName: 'Q', attributes: { Floor: '2', Room: '17' }, devices: { left: 'button-1' }, version: 1 },
  ]);
});

test('a thing sits in one place only, and a place holds one thing', async () => {
  const { store } = await openWithPlacement();
  await store.associate(slot, 'button-1');
  await expect(store.associate(slot, 'button-2')).rejects.toMatchObject({ code: 'ASSOCIATION_CONFLICT' });
  await expect(store.associate({ ...slot, deviceTemplateName: 'right' }, 'button-1')).rejects.toMatchObject({
    code: 'ASSOCIATION_CONFLICT',
  });
  await store.associate(slot, 'button-1');
  const race = await Promise.allSettled([
    store.associate({ ...slot, deviceTemplateName: 'right' }, 'button-2'),
    store.associate({ ...slot, deviceTemplateName: 'right' }, 'button-2'),
  ]);
  expect(race.map((one) => one.status)).toEqual(['fulfilled', 'fulfilled']);
  await store.disassociate(slot);
  expect(store.placementOf('button-1')).toBeUndefined();
});

test('an unknown or wrong device, template, placement or project is refused', async () => {
  const { store } = await openWithPlacement();
  const unknown = { code: 'PROJECT_UNKNOWN' };
  await expect(store.associate(slot, 'nobody')).rejects.toMatchObject(unknown);
  await expect(store.associate({ ...slot, deviceTemplateName: 'up' }, 'button-1')).rejects.toMatchObject(
    unknown,
  );
  await expect(store.associate({ ...slot, placementName: 'X' }, 'button-1')).rejects.toMatchObject(unknown);
  await expect(store.associate({ ...slot, projectName: 'X' }, 'button-1')).rejects.toMatchObject(unknown);
  await expect(store.associate(slot, 'probe-1')).rejects.toMatchObject({ code: 'PROJECT_INVALID' });
  await expect(store.associate(slot, 'x'.repeat(33))).rejects.toMatchObject({ code: 'PROJECT_INVALID' });
});

test('updating attributes merges by key, and an empty value clears', async () => {
  const { store, clock } = await openWithPlacement();
  clock.advance(5_000);
  await store.updatePlacement('P', 'Q', { Room: '', Door: 'north' });
  expect(store.placement('P', 'Q')).toMatchObject({
    attributes: { Floor: '2', Door: 'north' },
    createdMs: 1_000,
    updatedMs: 6_000,
  });
});

test.each([
  ['a name with a space', (store: ProjectStore) => store.createProject('a b')],
  ['a name of 129', (store: ProjectStore) => store.createProject('a'.repeat(129))],
  ['an empty name', (store: ProjectStore) => store.createPlacement('P', '')],
  [
    'a description of 501',
    (store: ProjectStore) => store.createProject('N', { description: 'd'.repeat(501) }),
  ],
  ['a value of 801', (store: ProjectStore) => store.createPlacement('P', 'N', { a: 'v'.repeat(801) })],
  ['a key of 129', (store: ProjectStore) => store.createPlacement('P', 'N', { ['k'.repeat(129)]: 'v' })],
  [
    '51 attributes',
    (store: ProjectStore) =>
      store.updatePlacement(
        'P',
        'Q',
        Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`k${i}`, 'v'])),
      ),
  ],
])('the limits of 1-Click hold: %s', async (_what, change) => {
  const { store } = await openWithPlacement();
  await expect(change(store)).rejects.toMatchObject({ code: 'PROJECT_INVALID' });
});

test('what is in use is not deleted, and names are taken once', async () => {
  const { store } = await openWithPlacement();
  await store.associate(slot, 'button-1');
  await expect(store.createProject('P')).rejects.toMatchObject({ code: 'PROJECT_EXISTS' });
  await expect(store.createPlacement('P', 'Q')).rejects.toMatchObject({ code: 'PROJECT_EXISTS' });
  await expect(store.deletePlacement('P', 'Q')).rejects.toMatchObject({ code: 'PROJECT_IN_USE' });
  await expect(store.deleteProject('P')).rejects.toMatchObject({ code: 'PROJECT_IN_USE' });
  await store.disassociate(slot);
  await store.deletePlacement('P', 'Q');
  await store.deleteProject('P');
  expect(store.projects()).toEqual([]);
});

function seedWith(devices: Record<string, Record<string, string>>, attributes = {}): ProjectSeed[] {
  return projectSeeds.parse([
    {
      projectName: 'P',
      placementTemplate: template,
      placements: Object.entries(devices).map(([placementName, map]) => ({
        placementName,
        attributes,
        devices: map,
      })),
    },
  ]);
}

test('seeding twice changes nothing the second time', async () => {
  const { store, clock } = await open();
  const made: string[] = [];
  const seeds = seedWith({ Q: { left: 'button-1' } }, { Floor: '1', Empty: '' });
  const ensure = async (name: string) => void made.push(name);
  await seedProjects(store, seeds, ensure);
  clock.advance(5_000);
  await seedProjects(store, seeds, ensure);
  expect(made).toEqual(['button-1', 'button-1']);
  expect(store.project('P')?.updatedMs).toBe(1_000);
  expect(store.placement('P', 'Q')).toMatchObject({ attributes: { Floor: '1' }, updatedMs: 1_000 });
  expect(store.placementOf('button-1')?.placementName).toBe('Q');
});

test('a changed seed moves things, also when two change places, and leaves the rest alone', async () => {
  const { store } = await open();
  const ensure = async () => {};
  await seedProjects(store, seedWith({ Q: { left: 'button-1', right: 'button-2' } }), ensure);
  await store.createPlacement('P', 'mine', { a: 'b' });
  await seedProjects(store, seedWith({ Q: { left: 'button-2', right: 'button-1' } }), ensure);
  expect(store.placement('P', 'Q')?.devices).toEqual({ left: 'button-2', right: 'button-1' });
  await seedProjects(store, seedWith({ R: { left: 'button-1' } }), ensure);
  expect(store.placement('P', 'Q')?.devices).toEqual({ left: 'button-2' });
  expect(store.slotOf('button-1')?.placementName).toBe('R');
  expect(store.placement('P', 'mine')?.attributes).toEqual({ a: 'b' });
});

test('a seed that puts one thing into two places is refused', () => {
  expect(() => seedWith({ Q: { left: 'button-1' }, R: { left: 'button-1' } })).toThrow(/one place only/);
});
