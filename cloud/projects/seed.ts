/**
 * Brings projects and placements to what the configuration says, at every start. What it names is
 * set, what it does not name stays; nothing is written when nothing differs.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ProjectStore } from './project-store.js';
import type { ProjectSeed, Slot } from './shapes.js';

/** @param ensureThing makes a thing of that type unless there is one of that name. */
export async function seedProjects(
  store: ProjectStore,
  seeds: readonly ProjectSeed[],
  ensureThing: (name: string, type: string) => Promise<void>,
): Promise<void> {
  for (const seed of seeds) {
    await seedProject(store, seed);
    for (const { placementName, attributes } of seed.placements) {
      await seedPlacement(store, seed.projectName, placementName, attributes);
    }
  }
  // First out of the old places, then into the new: two devices may have changed places.
  const wanted = wantedSlots(seeds);
  for (const { slot, thing } of wanted) await leave(store, slot, thing);
  for (const { slot, thing, type } of wanted) {
    await ensureThing(thing, type);
    await store.associate(slot, thing);
  }
}

async function seedProject(store: ProjectStore, seed: ProjectSeed): Promise<void> {
  const { projectName: name, description, placementTemplate } = seed;
  const before = store.project(name);
  if (before === undefined) {
    await store.createProject(name, { description, placementTemplate });
  } else if (
    !isDeepStrictEqual([before.description, before.placementTemplate], [description, placementTemplate])
  ) {
    await store.updateProject(name, { description, placementTemplate });
  }
}

async function seedPlacement(
  store: ProjectStore,
  projectName: string,
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> {
  const before = store.placement(projectName, name);
  if (before === undefined) {
    await store.createPlacement(projectName, name, attributes);
  } else if (Object.entries(attributes).some(([key, value]) => (before.attributes[key] ?? '') !== value)) {
    await store.updatePlacement(projectName, name, attributes);
  }
}

interface Wanted {
  readonly slot: Slot;
  readonly thing: string;
  readonly type: string;
}

function wantedSlots(seeds: readonly ProjectSeed[]): Wanted[] {
  return seeds.flatMap(({ projectName, placementTemplate, placements }) =>
    placements.flatMap(({ placementName, devices }) =>
      Object.entries(devices).map(([deviceTemplateName, thing]) => ({
        slot: { projectName, placementName, deviceTemplateName },
        thing,
        type: placementTemplate.deviceTemplates[deviceTemplateName]?.deviceType ?? 'button',
      })),
    ),
  );
}

async function leave(store: ProjectStore, slot: Slot, thing: string): Promise<void> {
  const present = store.slotOf(thing);
  if (present && !isDeepStrictEqual({ ...present }, { ...slot })) await store.disassociate(present);
  const sitting = store.placement(slot.projectName, slot.placementName)?.devices[slot.deviceTemplateName];
  if (sitting !== undefined && sitting !== thing) await store.disassociate(slot);
}
