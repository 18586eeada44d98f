/** Who may import whom: ARCHITECTURE.md draws it, this file holds it. */
const only = (name, from, to) => ({ name, severity: 'error', from, to });

export default {
  forbidden: [
    only('no-circular', {}, { circular: true }),
    only('libs-never-import-services', { path: '^libs/' }, { path: '^(services|infra|test)/' }),
    only(
      'services-never-import-each-other',
      { path: '^services/([^/]+)/' },
      { path: '^services/', pathNot: '^services/$1/' },
    ),
    only(
      'nest-only-at-the-rim',
      {
        path: '^(libs|services)/',
        pathNot: '(^libs/nest/|/main\\.ts$|\\.module\\.ts$|\\.controller\\.ts$|\\.test\\.ts$)',
      },
      { path: 'node_modules/@nestjs' },
    ),
    only(
      'contracts-depend-on-zod-alone',
      { path: '^libs/contracts/', pathNot: '\\.test\\.ts$' },
      { path: '(^libs/(?!contracts)|node_modules/(?!zod))' },
    ),
    only(
      'decisions-are-pure',
      { path: '(\\.decider|\\.events|\\.failures|-policy)\\.ts$' },
      { path: '(node_modules/(kysely|pg|@nats-io|@nestjs)|^node:)' },
    ),
    only(
      'testing-is-for-tests',
      { path: '^(libs|services)/', pathNot: '(^libs/testing/|^services/[^/]+/src/testing/|\\.test\\.ts$)' },
      { path: '^libs/testing/' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/dist/|\\.gatehouse|\\.cache)' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default'],
    },
  },
};
