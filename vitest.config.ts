import { defineConfig } from 'vitest/config';

const conditions = ['source'];
const project = (name: string, include: string[], settings: object = {}) => ({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // How long is waited for what comes sooner: it says when a test that fails gives up.
  test: { name, include, expect: { poll: { timeout: 15_000 } }, ...settings },
});

/** The suffix states the cost: STYLE.md, "Tests". The limits are for a machine that is busy with other work. */
export default defineConfig({
  test: {
    projects: [
      project('unit', ['{libs,services,infra}/**/src/**/!(*.int|*.e2e).test.ts'], { testTimeout: 20_000 }),
      project('integration', ['{libs,services,infra}/**/src/**/*.int.test.ts'], {
        testTimeout: 90_000,
        hookTimeout: 180_000,
        globalSetup: ['libs/testing/src/integration-servers.ts'],
        maxWorkers: 2,
      }),
      project('end-to-end', ['test/src/**/*.{e2e,fault}.test.ts'], {
        testTimeout: 120_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      }),
      project('long', ['test/src/**/*.long.test.ts'], {
        testTimeout: 600_000,
        hookTimeout: 180_000,
        fileParallelism: false,
      }),
    ],
  },
});
