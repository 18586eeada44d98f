import { cpus } from 'node:os';

/** One line that says what the figures were measured on. */
export function machineLine(): string {
  const [first] = cpus();
  return `${cpus().length} cores (${first?.model.trim() ?? 'unknown'}), Node ${process.versions.node}`;
}
