import { authoritiesDocs } from '../authority/authorities.docs.ts';
import { bansDocs } from '../ban/bans.docs.ts';
import { connectionAttemptsDocs } from '../connection-attempt/connection-attempts.docs.ts';
import { deviceImportsDocs } from '../device/device-imports.docs.ts';
import { devicesDocs } from '../device/devices.docs.ts';
import { eventsDocs } from '../event-log/events.docs.ts';
import { authenticationTestDocs } from '../gateway/authentication-test.docs.ts';
import { certificatesDocs } from '../gateway/certificates.docs.ts';
import { deviceRootsDocs } from '../gateway/device-roots.docs.ts';
import { gatewaysDocs } from '../gateway/gateways.docs.ts';
import { permissionsDocs } from '../gateway/permissions.docs.ts';
import { downlinkDocs } from '../live-session/downlink.docs.ts';
import { messageStreamDocs } from '../message-stream/message-stream.docs.ts';
import { apiKeysDocs } from '../operator/api-keys.docs.ts';
import { parsingFailuresDocs } from '../parsing-failure/parsing-failures.docs.ts';
import { parsingScriptsDocs } from '../parsing-script/parsing-scripts.docs.ts';
import { parsingTrialsDocs } from '../parsing-script/parsing-trials.docs.ts';
import { productsDocs } from '../product/products.docs.ts';
import type { OperationDocs } from './operation-docs.ts';

/** By the first half of the operationId: `gateways` of `gateways.create`. */
const DOCS: Readonly<Record<string, Readonly<Record<string, OperationDocs>>>> = {
  gateways: gatewaysDocs,
  certificates: certificatesDocs,
  deviceRoots: deviceRootsDocs,
  permissions: permissionsDocs,
  authenticationTest: authenticationTestDocs,
  authorities: authoritiesDocs,
  products: productsDocs,
  devices: devicesDocs,
  deviceImports: deviceImportsDocs,
  downlink: downlinkDocs,
  messageStream: messageStreamDocs,
  parsingScripts: parsingScriptsDocs,
  parsingTrials: parsingTrialsDocs,
  parsingFailures: parsingFailuresDocs,
  connectionAttempts: connectionAttemptsDocs,
  bans: bansDocs,
  events: eventsDocs,
  apiKeys: apiKeysDocs,
};

export function docsOf(operationId: string): OperationDocs {
  const [controller = '', operation = ''] = operationId.split('.');
  const docs = DOCS[controller]?.[operation];
  if (docs === undefined)
    throw new Error(`${operationId} has no docs: add them to the *.docs.ts beside its controller`);
  return docs;
}
