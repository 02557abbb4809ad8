/** Absolute paths. */
export function addonSources(): string[]
/** @param nodeVersion - of the Node that loads the addon, as in `process.versions.node`. */
export function addonPath(nodeVersion: string): string
