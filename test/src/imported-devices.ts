import type { RunningGatehouse } from './running-gatehouse.ts';

export interface ImportedDevice {
  readonly username: string;
  readonly password: string;
  readonly clientId: string;
}

/** Imports `count` devices into a product and gives their credentials. */
export async function importDevices(
  gatehouse: RunningGatehouse,
  productKey: string,
  count: number,
): Promise<ImportedDevice[]> {
  const devices = Array.from({ length: count }, (_, index) => ({
    username: `device-${String(index).padStart(5, '0')}`,
    password: `password-${index}`,
  }));
  const { status, body } = await gatehouse.api('POST', `/products/${productKey}/devices:import`, { devices });
  if (status >= 300) throw new Error(`the import answered ${status}: ${JSON.stringify(body)}`);
  return devices.map((device) => ({ ...device, clientId: device.username }));
}
