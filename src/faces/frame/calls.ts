/** The table of the binary call: per number, fields to command, one service, result to fields. */

import { CodecError } from "../../codec/error.ts"
import type { FrameFields, FrameTag, FrameValue } from "../../codec/frame.ts"
import { parseMechanism, type MechanismId } from "../../domain/algorithms.ts"
import { generateDataKey } from "../../service/data-key.ts"
import type { Context, SignCommand } from "../../service/commands.ts"
import { decrypt, encrypt } from "../../service/encrypt.ts"
import type { UsePorts } from "../../service/ports.ts"
import { generateRandom } from "../../service/random.ts"
import type { Asked, UseService } from "../../service/use-alike.ts"
import { mac, sign, verify, verifyMac } from "../../service/sign.ts"

export type Answer = Partial<Record<FrameTag, FrameValue>>

/** One call. */
export interface CallRow {
  /** As the REST operation, for metrics. */
  readonly operation: string
  readonly run: (ports: UsePorts, context: Context, fields: FrameFields) => Promise<Answer>
  /** What it asks of its service, where such uses may go together. */
  readonly asked?: (fields: FrameFields) => Asked<UseService>
  readonly render: (result: object) => Answer
}

function row<Command, Result>(
  operation: string,
  parse: (fields: FrameFields) => Command & object,
  service: (ports: UsePorts, context: Context, command: Command) => Promise<Result>,
  render: (result: Result) => Answer,
  alike?: UseService,
): CallRow {
  return {
    operation,
    ...(alike === undefined
      ? {}
      : { asked: (fields) => ({ service: alike, command: parse(fields) }) }),
    // What is rendered is a result of the row's own service.
    render: (result) => render(result as Result),
    run: async (ports, context, fields) => render(await service(ports, context, parse(fields))),
  }
}

const key = (fields: FrameFields): { key: string } => ({ key: text(fields, "key") })

const signing = (fields: FrameFields): SignCommand => ({
  ...key(fields),
  message: bytes(fields, "message"),
  mechanism: mechanismOf(fields),
  messageType: oneOf(fields, "messageType", ["message", "digest"]),
  encoding: oneOf(fields, "encoding", ["der", "raw"]),
  context: fields.context,
})

const verifying = (fields: FrameFields) => ({
  ...signing(fields),
  signature: bytes(fields, "signature"),
  version: number(fields, "version"),
})

const opened = (result: Awaited<ReturnType<typeof decrypt>>): Answer => ({
  key: result.keyId,
  version: result.version,
  mechanism: result.mechanism,
  plaintext: result.plaintext,
})

const signed = (result: Awaited<ReturnType<typeof sign>>): Answer => ({
  key: result.keyId,
  version: result.version,
  mechanism: result.mechanism,
  signature: result.signature,
})

const judged = (result: Awaited<ReturnType<typeof verify>>): Answer => ({
  key: result.keyId,
  version: result.version,
  mechanism: result.mechanism,
  flag: result.valid ? one : none,
})

const none = Uint8Array.of(0)
const one = Uint8Array.of(1)

/** By number; docs/formats/frame.md. Hello and request are the connection's own. */
export const frameCalls: ReadonlyMap<number, CallRow> = new Map([
  [
    1,
    row(
      "encrypt",
      (fields) => ({
        ...key(fields),
        plaintext: bytes(fields, "plaintext"),
        aad: fields.aad,
        mechanism: mechanismOf(fields),
        iv: fields.iv,
        raw: flag(fields),
      }),
      encrypt,
      ({ keyId, version, mechanism, ciphertext, iv }) => ({
        key: keyId,
        version,
        mechanism,
        ciphertext,
        iv,
      }),
      "encrypt",
    ),
  ],
  [
    2,
    row(
      "decrypt",
      (fields) => ({ ciphertext: bytes(fields, "ciphertext"), aad: fields.aad }),
      decrypt,
      opened,
      "decrypt",
    ),
  ],
  [
    3,
    row(
      "decryptRaw",
      (fields) => ({
        ciphertext: bytes(fields, "ciphertext"),
        aad: fields.aad,
        raw: {
          ...key(fields),
          mechanism: mechanismOf(fields),
          iv: fields.iv,
          version: number(fields, "version"),
        },
      }),
      decrypt,
      opened,
    ),
  ],
  [4, row("sign", signing, sign, signed, "sign")],
  [5, row("verify", verifying, verify, judged)],
  [6, row("mac", signing, mac, signed, "mac")],
  [7, row("verifyMac", verifying, verifyMac, judged)],
  [
    8,
    row(
      "generateDataKey",
      (fields) => ({
        ...key(fields),
        length: number(fields, "length"),
        aad: fields.aad,
        withPlaintext: flag(fields) !== true,
      }),
      generateDataKey,
      ({ keyId, version, ciphertext, plaintext }) => ({
        key: keyId,
        version,
        ciphertext,
        plaintext,
      }),
    ),
  ],
  [
    9,
    row(
      "random",
      (fields) => ({ length: number(fields, "length") ?? 0 }),
      generateRandom,
      (plaintext) => ({ plaintext }),
    ),
  ],
])

function bytes(fields: FrameFields, name: FrameTag): Uint8Array {
  return fields[name] ?? missing(name)
}

function text(fields: FrameFields, name: FrameTag): string {
  return fields[name]?.toString("utf8") ?? missing(name)
}

function number(fields: FrameFields, name: FrameTag): number | undefined {
  const field = fields[name]
  if (field === undefined) return undefined
  if (field.length !== 4) throw new CodecError(`/${name}`, "has four bytes")
  return field.readUInt32BE(0)
}

function flag(fields: FrameFields): boolean | undefined {
  return fields.flag === undefined ? undefined : fields.flag.equals(one)
}

function mechanismOf(fields: FrameFields): MechanismId | undefined {
  const name = fields.mechanism?.toString("latin1")
  const mechanism = name === undefined ? undefined : parseMechanism(name)
  if (name === undefined || mechanism !== undefined) return mechanism
  throw new CodecError("/mechanism", "is no mechanism")
}

function oneOf<T extends string>(
  fields: FrameFields,
  name: FrameTag,
  values: readonly T[],
): T | undefined {
  const found = fields[name]?.toString("latin1")
  if (found === undefined) return undefined
  const value = values.find((each) => each === found)
  if (value === undefined) throw new CodecError(`/${name}`, `is one of ${values.join(", ")}`)
  return value
}

function missing(name: FrameTag): never {
  throw new CodecError(`/${name}`, "is missing")
}
