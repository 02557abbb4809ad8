/**
 * Creating calls that are safe to repeat. The object's id derives from the caller's idempotency
 * key, so a repetition finds the first object, also when the first answer was lost.
 */

import { createHash } from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import { encodeId } from "../codec/id-text.ts"
import { asUuidBytes } from "../codec/uuid.ts"
import { HsmError } from "../domain/errors.ts"
import { dealing } from "../engine/random.ts"
import { paths } from "../records/kinds.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"

const idBytes = 16

export interface Once {
  /** Id of the object to create. */
  readonly id: string
  /** The first call has been done: answer with its object. */
  readonly repeated: boolean
  /** Row to claim in the creating commit; empty without an idempotency key. */
  readonly claims: readonly { readonly path: string; readonly value: Uint8Array }[]
}

/** What is created, the caller's idempotency key, and the whole command to compare. */
interface Call {
  readonly kind: string
  readonly key: string | undefined
  readonly command: object
}

/**
 * Makes an object, or finds the one that the same call made first; also when both run now: a
 * client that gave up waiting tries again while its first call is still at work.
 *
 * @throws HsmError IDEMPOTENCY_MISMATCH when the key was used for another command; what `make`
 * throws.
 */
export async function createOnce<T>(
  ports: Ports,
  context: Context,
  call: Call,
  make: (once: Once) => Promise<T>,
): Promise<T> {
  if (call.key === undefined) return await attempt(ports, context, call, make)
  // One after the other: the second finds what the first has made. Other nodes meet in the store.
  const { partition, subject } = context.caller
  const name = [partition, subject, call.kind, call.key].join("\n")
  return await ports.inFlight.alone(name, () => attempt(ports, context, call, make))
}

async function attempt<T>(
  ports: Ports,
  context: Context,
  call: Call,
  make: (once: Once) => Promise<T>,
): Promise<T> {
  const once = await prepareOnce(ports, context, call)
  try {
    return await make(once)
  } catch (error) {
    const { code } = error instanceof HsmError ? error : {}
    if (code !== "NAME_TAKEN" && code !== "CONFLICT") throw error
    await ports.records.sync()
    const again = await prepareOnce(ports, context, call)
    if (once.repeated || !again.repeated) throw error
    return await make(again)
  }
}

async function prepareOnce(ports: Ports, { caller }: Context, call: Call): Promise<Once> {
  if (call.key === undefined) {
    return { id: freshIds(ports, 1)(), repeated: false, claims: [] }
  }
  const { records, clusterId } = ports
  const scope = [caller.partition, caller.subject, call.kind, call.key] as const
  const digest = sha256(canonical("object-id", clusterId, ...scope))
  const id = encodeId(asUuidBytes(digest.subarray(0, 16)))
  const name = records.keyholder.hashName(caller.partition, "once", scope.join("\n")).toHex()
  const path = paths.once(caller.partition, name)
  const value = Buffer.concat([
    timeBytes(ports.clock.now()),
    sha256(Buffer.from(fingerprint(call.command))),
  ])
  const {
    entries: [found],
  } = await records.store.get([path])
  if (found === undefined) return { id, repeated: false, claims: [{ path, value }] }
  if (Buffer.from(found.value.subarray(timeLength)).equals(value.subarray(timeLength))) {
    return { id, repeated: true, claims: [] }
  }
  throw new HsmError("IDEMPOTENCY_MISMATCH", "this idempotency key was used for another request")
}

/**
 * Of ids that are drawn together: how many bytes they share, so that their rows lie side by side in
 * a few pages of the store's index and not in one page each. 74 random bits are each one's own.
 */
const sharedBytes = 6

/** Deals out so many ids, of objects that no call names. */
export function freshIds({ random }: Pick<Ports, "random">, count: number): () => string {
  const deal = dealing(random, sharedBytes + count * (idBytes - sharedBytes))
  const id = new Uint8Array(idBytes)
  id.set(deal(sharedBytes))
  return () => {
    id.set(deal(idBytes - sharedBytes), sharedBytes)
    return encodeId(asUuidBytes(id))
  }
}

/** When a remembered call was made: the first bytes of its row, ms since 1970. */
export function onceMadeAt(value: Uint8Array): number {
  return Buffer.from(value).readUIntBE(0, timeLength)
}

const timeLength = 6

function timeBytes(ms: number): Uint8Array {
  const out = Buffer.alloc(timeLength)
  out.writeUIntBE(ms, 0, timeLength)
  return out
}

/** The command as text; bytes by content, so that equal commands compare equal. */
function fingerprint(command: object): string {
  return JSON.stringify(command, (_, field: unknown) =>
    field instanceof Uint8Array ? sha256(field).toString("hex") : field,
  )
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest()
}
