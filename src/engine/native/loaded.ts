/** The addon of this thread, loaded once: finding it reads its sources. */

import { loadAddon } from "./load.ts"

/** Undefined where it was not built, or is not to be used. */
export const addon = loadAddon()
