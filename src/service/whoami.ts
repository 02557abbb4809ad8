/** Tells a caller who he is here. */

import type { Caller } from "../domain/principal.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"

export type Whoami = Omit<Caller, "address">

/** What identity has established; nothing is decided, so any caller may ask. */
export async function whoami(_: Ports, { caller }: Context): Promise<Whoami> {
  const { partition, subject, roles, grants, credential } = caller
  return { partition, subject, roles, grants, credential }
}
