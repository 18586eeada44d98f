import type { PartitionHolder } from './partition-leases.ts';
import { PartitionOwner, type UplinkWork } from './partition-owner.ts';

/** The owners of the partitions that this instance has leases for. */
export class PartitionOwners implements PartitionHolder {
  readonly #owners = new Map<number, PartitionOwner>();

  constructor(private readonly work: UplinkWork) {}

  acquired(partition: number): void {
    this.#owners.set(partition, new PartitionOwner(partition, this.work));
  }

  async release(partition: number): Promise<void> {
    await this.#owners.get(partition)?.finish();
    this.#owners.delete(partition);
  }

  lost(partition: number): void {
    this.#owners.get(partition)?.abandon();
    this.#owners.delete(partition);
  }
}
