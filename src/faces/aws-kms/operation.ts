/** The shape of an operation: input to command, services, result to output. */

import type { JsonValue } from "../../codec/json.ts"
import type { Context } from "../../service/commands.ts"
import type { Ports } from "../../service/ports.ts"
import { checkGrantTokens } from "./grant-token.ts"
import type { Place } from "./names.ts"
import { readInput, type Input, type Members } from "./shapes.ts"
import { tell } from "./told.ts"

/** Who calls, where, and what he is served with. */
export interface Call {
  /** As in `TrentService.Encrypt`. */
  readonly name: string
  readonly ports: Ports
  readonly context: Context
  /** The caller's own account, and the region that he signed for. */
  readonly place: Place
}

/** Times are seconds since 1970, bytes are base64; what is undefined is left out. */
export type Output = Readonly<Record<string, unknown>>

export interface Operation {
  readonly answer: (call: Call, body: JsonValue) => Promise<Output | undefined>
}

/**
 * One operation of the API.
 *
 * @param members - its input.
 * @param run - undefined when it answers without a body.
 */
export function operation<const M extends Members>(
  members: M,
  run: (call: Call, input: Input<M>) => Promise<Output | undefined>,
): Operation {
  return {
    answer: async (call, body) => {
      const input = readInput(members, body)
      const given: Readonly<Record<string, unknown>> = input
      const told = tell(call, given)
      await checkGrantTokens(told, given["GrantTokens"])
      return await run(told, input)
    },
  }
}
