/**
 * The 29 operations of both services (API version 2018-05-14) as data: how each is called, and on which
 * resource a policy decides. Paths are disjoint but for the tags, where the ARN tells the service.
 */

export type Service = 'devices' | 'projects';

export interface Operation {
  readonly name: string;
  readonly service: Service;
  readonly method: string;
  /** Segments; one that begins with a colon is a parameter. */
  readonly path: readonly string[];
  /** The parameter that names the resource for policies; none for what concerns no single one. */
  readonly resource?: 'deviceId' | 'projectName' | 'resourceArn';
}

function operation(
  service: Service,
  name: string,
  call: string,
  resource?: NonNullable<Operation['resource']>,
): Operation {
  const [method = '', path = ''] = call.split(' ');
  const segments = path.split('/').slice(1);
  return { name, service, method, path: segments, ...(resource && { resource }) };
}

const placement = '/projects/:projectName/placements/:placementName';
const slot = `${placement}/devices/:deviceTemplateName`;

export const operations: readonly Operation[] = [
  operation('devices', 'ClaimDevicesByClaimCode', 'PUT /claims/:claimCode'),
  operation('devices', 'InitiateDeviceClaim', 'PUT /devices/:deviceId/initiate-claim', 'deviceId'),
  operation('devices', 'FinalizeDeviceClaim', 'PUT /devices/:deviceId/finalize-claim', 'deviceId'),
  operation('devices', 'UnclaimDevice', 'PUT /devices/:deviceId/unclaim', 'deviceId'),
  operation('devices', 'DescribeDevice', 'GET /devices/:deviceId', 'deviceId'),
  operation('devices', 'ListDevices', 'GET /devices'),
  operation('devices', 'UpdateDeviceState', 'PUT /devices/:deviceId/state', 'deviceId'),
  operation('devices', 'GetDeviceMethods', 'GET /devices/:deviceId/methods', 'deviceId'),
  operation('devices', 'InvokeDeviceMethod', 'POST /devices/:deviceId/methods', 'deviceId'),
  operation('devices', 'ListDeviceEvents', 'GET /devices/:deviceId/events', 'deviceId'),
  operation('devices', 'ListTagsForResource', 'GET /tags/:resourceArn', 'resourceArn'),
  operation('devices', 'TagResource', 'POST /tags/:resourceArn', 'resourceArn'),
  operation('devices', 'UntagResource', 'DELETE /tags/:resourceArn', 'resourceArn'),
  operation('projects', 'CreateProject', 'POST /projects'),
  operation('projects', 'ListProjects', 'GET /projects'),
  operation('projects', 'DescribeProject', 'GET /projects/:projectName', 'projectName'),
  operation('projects', 'UpdateProject', 'PUT /projects/:projectName', 'projectName'),
  operation('projects', 'DeleteProject', 'DELETE /projects/:projectName', 'projectName'),
  operation('projects', 'CreatePlacement', 'POST /projects/:projectName/placements', 'projectName'),
  operation('projects', 'ListPlacements', 'GET /projects/:projectName/placements', 'projectName'),
  operation('projects', 'DescribePlacement', `GET ${placement}`, 'projectName'),
  operation('projects', 'UpdatePlacement', `PUT ${placement}`, 'projectName'),
  operation('projects', 'DeletePlacement', `DELETE ${placement}`, 'projectName'),
  operation('projects', 'GetDevicesInPlacement', `GET ${placement}/devices`, 'projectName'),
  operation('projects', 'AssociateDeviceWithPlacement', `PUT ${slot}`, 'projectName'),
  operation('projects', 'DisassociateDeviceFromPlacement', `DELETE ${slot}`, 'projectName'),
  operation('projects', 'ListTagsForResource', 'GET /tags/:resourceArn', 'resourceArn'),
  operation('projects', 'TagResource', 'POST /tags/:resourceArn', 'resourceArn'),
  operation('projects', 'UntagResource', 'DELETE /tags/:resourceArn', 'resourceArn'),
];

/** First path segments that belong to 1-Click. */
const roots = new Set(operations.map(({ path }) => path[0]));

export function isOneClickPath(rawPath: string): boolean {
  return roots.has(rawPath.split('/')[1]);
}

export interface FoundOperation {
  readonly operation: Operation;
  /** Decoded once. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Undefined when there is none, or a segment is not well encoded. */
export function findOperation(method: string, rawPath: string): FoundOperation | undefined {
  const segments = rawPath.split('/').slice(1);
  for (const operation of operations) {
    if (operation.method !== method || operation.path.length !== segments.length) continue;
    const parameters = matchPath(operation.path, segments);
    if (parameters === undefined) continue;
    const arn = parameters['resourceArn'];
    if (arn !== undefined && serviceOfArn(arn) !== operation.service) continue;
    return { operation, parameters };
  }
  return undefined;
}

/** The device's part of `/tags`, unless the ARN is a project's. */
function serviceOfArn(arn: string): Service {
  return arn.split(':')[5]?.startsWith('projects/') ? 'projects' : 'devices';
}

function matchPath(
  pattern: readonly string[],
  segments: readonly string[],
): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!part.startsWith(':')) {
      if (part !== segment) return undefined;
      continue;
    }
    const value = decoded(segment);
    if (value === undefined || value === '') return undefined;
    parameters[part.slice(1)] = value;
  }
  return parameters;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
