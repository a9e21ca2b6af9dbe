/**
 * Projects and placements in the shapes and limits of AWS IoT 1-Click (API version 2018-05-14). The
 * same schemas guard the configuration and the REST API.
 */
import { z } from 'zod';

const partName = () =>
  z.string().regex(/^[0-9A-Za-z_-]{1,128}$/, 'letters, digits, _ and - only, 1 to 128 of them');
export const projectName = partName();
export const placementName = partName();
const deviceTemplateName = partName();
/** The name of a thing, as 1-Click limits it. */
export const deviceId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/, 'letters, digits, _ and - only, 1 to 32 of them');
export const description = z.string().max(500);

/** "Up to 50 pairs"; an empty value clears the attribute. */
export const attributes = z
  .record(z.string().min(1).max(128), z.string().max(800))
  .refine((map) => Object.keys(map).length <= 50, { message: 'at most 50 attributes' });
export type Attributes = z.infer<typeof attributes>;

const deviceTemplate = z.strictObject({
  deviceType: z.string().min(1).max(128).describe('Type of device that fits: `button`.'),
  callbackOverrides: z
    .record(z.string().min(1).max(128), z.string().max(200))
    .default({})
    .describe('The one known key is `onClickCallback`: the ARN of a function.'),
});

export const placementTemplate = z.strictObject({
  defaultAttributes: attributes.default({}).describe('Attributes of every placement that does not set them.'),
  deviceTemplates: z
    .record(deviceTemplateName, deviceTemplate)
    .default({})
    .describe('The devices of a placement, by the name of their template.'),
});
export type PlacementTemplate = z.infer<typeof placementTemplate>;

export interface Placement {
  readonly projectName: string;
  readonly placementName: string;
  /** Its own, without the template's defaults. */
  readonly attributes: Attributes;
  /** Device template name to device id. */
  readonly devices: Readonly<Record<string, string>>;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Rises with every change of the placement itself; who sits in it does not count. */
  readonly version: number;
}

export interface Project {
  readonly projectName: string;
  readonly description: string;
  readonly placementTemplate: PlacementTemplate;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Rises with every change; hand it back to make a change conditional. */
  readonly version: number;
}

/** One place for one device: a device template of a placement. */
export interface Slot {
  readonly projectName: string;
  readonly placementName: string;
  readonly deviceTemplateName: string;
}

/** What the configuration says about one project: a 1-Click CreateProject with its placements. */
const projectSeed = z.strictObject({
  projectName: projectName.describe('Name of the project.'),
  description: description.default('').describe('For people.'),
  placementTemplate: placementTemplate
    .default({ defaultAttributes: {}, deviceTemplates: {} })
    .describe('Default attributes, and for each kind of place its device type and callback.'),
  placements: z
    .array(
      z.strictObject({
        placementName: placementName.describe('Name of the place, for instance "front-door".'),
        attributes: attributes.default({}).describe('Attributes of this place, over the defaults.'),
        devices: z
          .record(deviceTemplateName, deviceId)
          .default({})
          .describe('Device template name to the name of the thing in that place.'),
      }),
    )
    .default([])
    .refine((list) => areUnique(list.map((one) => one.placementName)), 'placement names must differ')
    .describe('Its placements.'),
});
export type ProjectSeed = z.infer<typeof projectSeed>;

export const projectSeeds = z
  .array(projectSeed)
  .default([])
  .refine((list) => areUnique(list.map((one) => one.projectName)), 'project names must differ')
  .refine(
    (list) =>
      areUnique(list.flatMap((one) => one.placements.flatMap(({ devices }) => Object.values(devices)))),
    'a thing can be in one place only',
  );

function areUnique(names: readonly string[]): boolean {
  return new Set(names).size === names.length;
}
