/** Projects, placements and access keys in the HTTP API; the routes are listed in `api.ts`. */
import { z } from 'zod';

const texts = z.record(z.string(), z.string());

export const placementTemplateView = z.object({
  defaultAttributes: texts,
  deviceTemplates: z.record(z.string(), z.object({ deviceType: z.string(), callbackOverrides: texts })),
});
export type PlacementTemplateView = z.infer<typeof placementTemplateView>;

export interface ProjectView {
  readonly projectName: string;
  readonly description: string;
  readonly placementTemplate: PlacementTemplateView;
  readonly tags: Readonly<Record<string, string>>;
  readonly placementCount: number;
  /** The ETag. */
  readonly version: number;
}

export interface PlacementView {
  readonly placementName: string;
  /** Its own, without the template's defaults. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Device template name to device. */
  readonly devices: Readonly<Record<string, string>>;
  /** The ETag. */
  readonly version: number;
}

/** One device in one place. */
export interface StayView {
  readonly deviceTemplateName: string;
  readonly deviceId: string;
  /** Null when it was there before this was kept. */
  readonly from: string | null;
  /** Null while it is there. */
  readonly to: string | null;
  readonly clicks: number;
}

/** Limits are checked where the projects are kept. */
export const createProject = z.strictObject({
  projectName: z.string(),
  description: z.string().optional(),
  placementTemplate: placementTemplateView.partial().optional(),
});
/** The template as a whole, when it is given. */
export const changeProject = z.strictObject({
  description: z.string().optional(),
  placementTemplate: placementTemplateView.optional(),
});
export const createPlacement = z.strictObject({ placementName: z.string(), attributes: texts.default({}) });
/** Key by key: an empty value clears. */
export const changePlacement = z.strictObject({ attributes: texts });
export const associateRequest = z.strictObject({ deviceId: z.string() });

export interface AccessKeyView {
  readonly accessKeyId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly policy: unknown;
}
/** Without a policy it may do everything of the 1-Click API. */
export const createAccessKey = z.strictObject({
  name: z.string().min(1).max(128),
  policy: z.unknown().optional(),
});
export interface NewAccessKeyView {
  readonly accessKeyId: string;
  /** Told once. */
  readonly secretAccessKey: string;
  readonly name: string;
}
