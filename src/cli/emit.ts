/** Results that are bytes: raw to a file or pipe, base64, or the whole answer as JSON. */

import { decodeBase64 } from "@keyhold/sdk"
import { outputOption, type OptionRow } from "./command.ts"
import type { Input } from "./input.ts"
import { lazily, type Output } from "./output.ts"

export const emitOptions: readonly OptionRow[] = [["--base64", "as base64 text"], outputOption]

/**
 * Writes the bytes of an answer as the command line wants them.
 *
 * @param ask - makes the call; not before it is sure that its bytes have somewhere to go.
 * @param pick - the bytes in the answer, as base64.
 */
export async function emit<T>(
  { out, input }: { readonly out: Output; readonly input: Input },
  ask: () => Promise<T>,
  pick: (answer: T) => string,
): Promise<void> {
  const path = input.maybe("output")
  if (out.json) return out.document(await ask(), "")
  const bytes = input.flag("base64")
    ? async () => Buffer.from(`${pick(await ask())}\n`)
    : async () => decodeBase64(pick(await ask()))
  if (input.flag("base64") && path === undefined) return out.text((await bytes()).toString())
  await out.bytes(lazily(bytes), path)
}
