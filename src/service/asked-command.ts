/** What is done to a command before others are asked to approve it. */

import type { Context } from "./commands.ts"
import { findKey } from "./find-key.ts"
import type { Ports } from "./ports.ts"

/** Members of commands that name keys. */
const references: ReadonlySet<string> = new Set(["key", "wrappingKey", "unwrappingKey"])

/** Keys by their ids: a name could stand for another key by the time it is approved. */
export async function pinKeys(ports: Ports, context: Context, parameters: object): Promise<object> {
  const pinned = Object.entries(parameters).map(async ([name, value]: [string, unknown]) => {
    if (name === "raw" && typeof value === "object" && value !== null) {
      return [name, await pinKeys(ports, context, value)] as const
    }
    if (!references.has(name) || typeof value !== "string") return [name, value] as const
    return [name, (await findKey(ports, context, value))?.key.id ?? value] as const
  })
  return Object.fromEntries(await Promise.all(pinned))
}
