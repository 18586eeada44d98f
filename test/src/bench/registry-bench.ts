import { APPEND_COLUMNS, benchAppend } from './append-bench.ts';
import { benchDeviceList, DEVICE_LIST_COLUMNS } from './device-list-bench.ts';
import { figuresTable } from './figures-table.ts';
import { benchImport, IMPORT_COLUMNS } from './import-bench.ts';
import { benchRebuild, REBUILD_COLUMNS } from './rebuild-bench.ts';
import { RegistryUnderTest } from './registry-under-test.ts';

/** What the registry takes beside bare SQL: imports, single events, pages of a large product. */
export async function benchRegistry(write: (text: string) => void): Promise<void> {
  await using registry = await RegistryUnderTest.start();
  write('\n## Registry: an import\n');
  write(figuresTable(IMPORT_COLUMNS, await benchImport(registry)));
  write('\n## Registry: an event\n');
  write(figuresTable(APPEND_COLUMNS, await benchAppend(registry)));
  write('\n## Registry: a page\n');
  write(figuresTable(DEVICE_LIST_COLUMNS, await benchDeviceList(registry)));
}

/** A rebuild of a million events: minutes of their own. */
export async function benchRegistryRebuild(write: (text: string) => void): Promise<void> {
  await using registry = await RegistryUnderTest.start();
  write('\n## Registry: a rebuild\n');
  write(figuresTable(REBUILD_COLUMNS, await benchRebuild(registry)));
}
