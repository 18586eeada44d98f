import type { RecordedEvent } from '@gatehouse/event-store';
import { projectAuthority } from '../authority/authority-views.projection.ts';
import { forgetDevicesOf, projectDevices } from '../device/device-views.projection.ts';
import { projectGateway } from '../gateway/gateway-views.projection.ts';
import { projectIssuedCertificate } from '../issued-certificate/issued-certificate-views.projection.ts';
import { forgetParsingOf, projectParsingScript } from '../parsing-script/parsing-script-views.projection.ts';
import { projectProduct } from '../product/product-views.projection.ts';
import type { RegistryTransaction } from '../schema/registry-database.ts';

/** How the view of devices, by far the largest, is brought up to date. */
export interface DeviceProjection {
  readonly project: (db: RegistryTransaction, recorded: readonly RecordedEvent[]) => Promise<void>;
  readonly forget: (db: RegistryTransaction, productKey: string) => Promise<void>;
}

const DIRECTLY: DeviceProjection = { project: projectDevices, forget: forgetDevicesOf };

/** Brings every view up to date with events in the order of the log. */
export async function applyToViews(
  db: RegistryTransaction,
  recorded: readonly RecordedEvent[],
  ofDevices = DIRECTLY,
): Promise<void> {
  let devices: RecordedEvent[] = [];
  for (const event of recorded) {
    if (event.streamId.startsWith('device/')) {
      devices.push(event);
      continue;
    }
    await ofDevices.project(db, devices);
    devices = [];
    await projectGateway(db, event);
    await projectProduct(db, event);
    await projectParsingScript(db, event);
    await projectAuthority(db, event);
    await projectIssuedCertificate(db, event);
    if (event.type === 'ProductDeleted') {
      const productKey = String(event.data['productKey']);
      await ofDevices.forget(db, productKey);
      await forgetParsingOf(db, productKey);
    }
  }
  await ofDevices.project(db, devices);
}
