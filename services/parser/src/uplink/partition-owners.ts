import type { PartitionHolder } from './partition-leases.ts';
import { PartitionOwner } from './partition-owner.ts';
import type { UplinkConsumerContext } from './uplink-consumer.ts';
import type { UplinkPipeline } from './uplink-pipeline.ts';

/** The owners of the partitions that this instance has leases for. */
export class PartitionOwners implements PartitionHolder {
  readonly #owners = new Map<number, PartitionOwner>();

  constructor(
    private readonly pipeline: UplinkPipeline,
    private readonly context: UplinkConsumerContext,
  ) {}

  acquired(partition: number): void {
    this.#owners.set(partition, new PartitionOwner(partition, this.pipeline, this.context));
  }

  async release(partition: number): Promise<void> {
    const owner = this.#owners.get(partition);
    await owner?.finish();
    // Lost and taken again meanwhile, the partition has another owner.
    if (this.#owners.get(partition) === owner) this.#owners.delete(partition);
  }

  lost(partition: number): void {
    this.#owners.get(partition)?.abandon();
    this.#owners.delete(partition);
  }
}
