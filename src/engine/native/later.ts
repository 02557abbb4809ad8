/** Private-key operations that take long: one job on a thread of libuv's pool does many. */

import { laterMax, type Addon, type PairKey, type Scheme } from "./addon.ts"

/** What is asked of one key under one scheme. */
export interface Orders {
  readonly key: PairKey
  readonly scheme: Scheme
  readonly inputs: readonly Uint8Array[]
}

const lengthBytes = 4
/** Instead of a length: there is no answer. */
const nothing = 0xffff_ffff

/** A signature for each input; rejects when one of them cannot be signed. */
export async function signLater(addon: Addon, orders: Orders): Promise<Uint8Array[]> {
  const made = await later(orders, (...given) => addon.signLater(...given))
  return made.filter((one) => one !== undefined)
}

/** What each input opens to; undefined for one that does not. */
export function decryptLater(addon: Addon, orders: Orders): Promise<(Uint8Array | undefined)[]> {
  return later(orders, (...given) => addon.decryptLater(...given))
}

async function later(
  { key, scheme, inputs }: Orders,
  run: Addon["signLater"],
): Promise<(Uint8Array | undefined)[]> {
  const answers: (Uint8Array | undefined)[] = []
  for (let from = 0; from < inputs.length; from += laterMax) {
    const some = inputs.slice(from, from + laterMax)
    const lengths = Uint32Array.from(some, ({ length }) => length)
    answers.push(...unpack(await run(key, scheme, Buffer.concat(some), lengths)))
  }
  return answers
}

function unpack(packed: Uint8Array): (Uint8Array | undefined)[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  const answers: (Uint8Array | undefined)[] = []
  for (let at = 0; at < packed.length;) {
    const length = view.getUint32(at)
    const start = at + lengthBytes
    at = length === nothing ? start : start + length
    answers.push(length === nothing ? undefined : packed.slice(start, at))
  }
  return answers
}
