/** Encrypt and decrypt one message. */

import {
  boundAad,
  ciphertextBytesMax,
  decodeCiphertext,
  encodeCiphertextHeader,
  haveSameHeader,
  joinCiphertext,
  suites,
  type SuiteId,
} from "../codec/ciphertext.ts"
import { CodecError } from "../codec/error.ts"
import { decryptionFailed, HsmError } from "../domain/errors.ts"
import type { MechanismId } from "../domain/algorithms.ts"
import type { KeyRecord } from "../domain/key.ts"
import { currentVersion, sealedAs } from "../domain/key.ts"
import { limits } from "../domain/limits.ts"
import { each, type Outcome } from "../domain/outcome.ts"
import * as engine from "../engine/cipher.ts"
import type { KeyHandle } from "../engine/key-handle.ts"
import { keyOf, mechanismOf, perform, type Act } from "./act.ts"
import { comparing, performAlike, type Asking } from "./act-alike.ts"
import type {
  Context,
  DecryptCommand,
  DecryptResult,
  EncryptCommand,
  EncryptResult,
  KeyRef,
} from "./commands.ts"
import type { UsePorts } from "./ports.ts"

const none = new Uint8Array(0)

/**
 * Encrypts under a key's current version.
 *
 * @param command - `plaintext` at most limits.messageBytesMax, `aad` at most
 * limits.boundAadBytesMax bytes; RSA-OAEP takes only as much as its modulus leaves (RFC 8017
 * section 7.1.1) and no `aad`.
 * @throws HsmError KEY_NOT_FOUND, KEY_STATE, OPERATION_FORBIDDEN, RATE_LIMITED, KEY_EXHAUSTED,
 * MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, AUDIT_UNAVAILABLE.
 */
export async function encrypt(
  ports: UsePorts,
  context: Context,
  command: EncryptCommand,
): Promise<EncryptResult> {
  checkSizes(command.plaintext, command.aad, limits.messageBytesMax)
  const ask = {
    operation: "key.encrypt",
    key: command.key,
    mechanism: command.mechanism,
    externalIv: command.iv !== undefined,
    input: { plaintext: command.plaintext },
  } as const
  return await perform(ports, context, ask, (act) => encryptWith(ports, act, command))
}

/** Encrypts for an act that was allowed; also the heart of a data key. */
export async function encryptWith(
  ports: UsePorts,
  act: Act,
  command: Omit<EncryptCommand, "key" | "mechanism" | "aad"> & {
    /** With `raw`, it may name the version. */
    readonly aad?: EncryptCommand["aad"] | ((version: number) => Uint8Array)
  },
): Promise<EncryptResult> {
  const mechanism = mechanismOf(act)
  const { key, version } = await ports.sealBudget.draw(keyOf(act), mechanism)
  const handle = await ports.keys.open(key, version)
  const { plaintext, iv, raw = false } = command
  const aad = typeof command.aad === "function" ? command.aad(version) : (command.aad ?? none)
  const about = { keyId: key.id, version, mechanism }
  if (!raw && iv !== undefined) {
    throw new HsmError("MALFORMED_REQUEST", "an IV goes with raw alone", { field: "/iv" })
  }
  if (!raw) {
    const frame = frameOf(ports, { key, handle, mechanism })
    const bound = aad.length === 0 ? frame.bound : bind(ports, mechanism, frame.header, aad)
    const how = { mechanism, prefix: frame.header }
    return { ...about, ciphertext: sealOne(act, handle, how, { plaintext, aad: bound }) }
  }
  const sealed = engine.encrypt(act.permit, handle, { mechanism, plaintext, aad, iv })
  const { ciphertext } = sealed
  return sealed.iv.length === 0 ? { ...about, ciphertext } : { ...about, ciphertext, iv: sealed.iv }
}

/**
 * As {@link encrypt} for commands that are {@link areAlikeToEncrypt}; undefined where they have to
 * go one by one.
 */
export async function encryptAlike(
  ports: UsePorts,
  asking: Asking,
  commands: readonly EncryptCommand[],
): Promise<readonly Outcome<EncryptResult>[] | undefined> {
  const [first] = commands
  if (first === undefined || !commands.every(isWithinBounds)) return undefined
  const ask = { operation: "key.encrypt", key: first.key, mechanism: first.mechanism } as const
  const times = commands.length
  const alike = { ...asking, times, ask }
  return await performAlike<Uint8Array, EncryptResult>(ports, alike, async (act) => {
    const mechanism = mechanismOf(act)
    const { key, version } = await ports.sealBudget.draw(keyOf(act), mechanism, times)
    const handle = await ports.keys.open(key, version)
    const { header, bound } = frameOf(ports, { key, handle, mechanism })
    const messages = commands.map(({ plaintext, aad = none }) => ({
      plaintext,
      aad: aad.length === 0 ? bound : bind(ports, mechanism, header, aad),
    }))
    const how = { mechanism, prefix: header }
    const outcomes =
      engine.encryptMany(act.permit, handle, { ...how, messages }) ??
      (await each(messages, (one) => sealOne(act, handle, how, one)))
    const about = { keyId: key.id, version, mechanism }
    return { outcomes, render: (ciphertext) => ({ ...about, ciphertext }) }
  })
}

/** A ciphertext in Keyhold's own format, in one piece of memory where the engine can. */
function sealOne(
  { permit }: Act,
  handle: KeyHandle,
  how: Pick<engine.EncryptManyInput, "mechanism" | "prefix">,
  one: engine.EncryptManyInput["messages"][number],
): Uint8Array {
  const [whole] = engine.encryptMany(permit, handle, { ...how, messages: [one] }) ?? []
  if (whole !== undefined) return whole
  const { iv, ciphertext: body } = engine.encrypt(permit, handle, { ...how, ...one })
  return joinCiphertext(how.mechanism as SuiteId, how.prefix, { iv, body })
}

/** True when both go under one key, in Keyhold's own format. */
export function areAlikeToEncrypt(one: EncryptCommand, other: EncryptCommand): boolean {
  return one.raw !== true && one.iv === undefined && shareEncryption(one, other)
}

const shareEncryption = comparing<EncryptCommand>({
  key: "shared",
  plaintext: "own",
  aad: "own",
  mechanism: "shared",
  iv: "shared",
  raw: "shared",
})

function isWithinBounds({ plaintext, aad = none }: EncryptCommand): boolean {
  return plaintext.length <= limits.messageBytesMax && aad.length <= limits.aadBytesMax
}

/** What all ciphertexts of one key version and mechanism begin with, and bind. */
interface Frame {
  readonly header: Uint8Array
  /** With no additional data of the caller's. */
  readonly bound: Uint8Array
}

/** Made once per opened key and mechanism; lives as long as its handle. */
const frames = new WeakMap<KeyHandle, Map<MechanismId, Frame>>()

function frameOf(
  ports: UsePorts,
  opened: { readonly key: KeyRecord; readonly handle: KeyHandle; readonly mechanism: MechanismId },
): Frame {
  const { key, handle, mechanism } = opened
  let ofHandle = frames.get(handle)
  if (ofHandle === undefined) {
    ofHandle = new Map()
    frames.set(handle, ofHandle)
  }
  let frame = ofHandle.get(mechanism)
  if (frame === undefined) {
    const named = { keyId: sealedAs(key), version: handle.version }
    // Every encryption mechanism is a suite.
    const header = encodeCiphertextHeader({ suite: mechanism as SuiteId, ...named })
    frame = { header, bound: bind(ports, mechanism, header, none) }
    ofHandle.set(mechanism, frame)
  }
  return frame
}

/** A suite without a tag has nothing to bind the header with; the engine refuses its AAD. */
function bind(
  { clusterId }: UsePorts,
  mechanism: MechanismId,
  header: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  const { tagBytes } = suites[mechanism as SuiteId]
  return tagBytes === 0 ? aad : boundAad({ cluster: clusterId, header, aad })
}

/**
 * Decrypts a ciphertext of Keyhold's own format, which names its key and version, or a raw one.
 *
 * @throws HsmError DECRYPTION_FAILED for every ciphertext that does not open, also when the key it
 * names does not exist here, or is not the one that the command names; otherwise as
 * {@link encrypt}.
 */
export async function decrypt(
  ports: UsePorts,
  context: Context,
  command: DecryptCommand,
): Promise<DecryptResult> {
  checkSizes(command.ciphertext, command.aad, ciphertextBytesMax)
  return command.raw === undefined
    ? await decryptOwn(ports, context, command)
    : await decryptRaw(ports, context, command, command.raw)
}

/** As {@link decrypt} for commands that are {@link areAlikeToDecrypt}; as {@link encryptAlike}. */
export async function decryptAlike(
  ports: UsePorts,
  asking: Asking,
  commands: readonly DecryptCommand[],
): Promise<readonly Outcome<DecryptResult>[] | undefined> {
  const fit = commands.every(
    ({ ciphertext, aad = none }) =>
      ciphertext.length <= ciphertextBytesMax && aad.length <= limits.aadBytesMax,
  )
  const read = fit ? (readRaw(commands) ?? readOwn(ports, commands)) : undefined
  if (read === undefined) return undefined
  const { key, mechanism, version: wanted, keyId, sealed } = read
  const ask = { operation: "key.decrypt", key, mechanism, version: wanted } as const
  const times = commands.length
  const alike = { ...asking, times, ask }
  return await performAlike<Uint8Array, DecryptResult>(ports, alike, async (act) => {
    const key = keyOf(act)
    if (keyId !== undefined && sealedAs(key) !== keyId) throw decryptionFailed()
    const mechanism = mechanismOf(act)
    const version = versionOf(key, wanted)
    const handle = await ports.keys.open(key, version)
    const outcomes = await engine.decryptMany(act.permit, handle, mechanism, sealed)
    const about = { keyId: key.id, version, mechanism }
    return { outcomes, render: (plaintext) => ({ ...about, plaintext }) }
  })
}

/** What alike commands share, and what each of them has sealed. */
interface SealedAlike {
  readonly key: KeyRef
  readonly mechanism: MechanismId | undefined
  readonly version: number | undefined
  /** The key that the ciphertexts name. */
  readonly keyId?: string
  readonly sealed: readonly engine.SealedInput[]
}

/** Of raw ciphertexts; undefined where the first one is in Keyhold's own format. */
function readRaw(commands: readonly DecryptCommand[]): SealedAlike | undefined {
  const raw = commands[0]?.raw
  if (raw === undefined) return undefined
  const sealed = commands.map(({ ciphertext, aad = none, raw: own }) => {
    return { iv: own?.iv ?? none, ciphertext, aad }
  })
  return { key: raw.key, mechanism: raw.mechanism, version: raw.version, sealed }
}

/** Of ciphertexts in Keyhold's own format; undefined where one of them cannot be read. */
function readOwn(ports: UsePorts, commands: readonly DecryptCommand[]): SealedAlike | undefined {
  const parsed = commands.map(({ ciphertext }) => tryParse(ciphertext))
  const [first] = parsed
  if (first === undefined || parsed.includes(undefined)) return undefined
  const { suite: mechanism, keyId, version, header } = first
  const sealed = parsed.map((one, index) => ({
    iv: one?.iv ?? none,
    ciphertext: one?.body ?? none,
    aad: bind(ports, mechanism, header, commands[index]?.aad ?? none),
  }))
  return { key: commands[0]?.key ?? keyId, mechanism, version, keyId, sealed }
}

/** The version that was asked for; a raw ciphertext may leave it to the key. */
function versionOf(key: KeyRecord, wanted: number | undefined): number {
  return wanted ?? currentVersion(key)?.version ?? 0
}

/** True when both name the same version of the same key, and the same suite or mechanism. */
export function areAlikeToDecrypt(one: DecryptCommand, other: DecryptCommand): boolean {
  if (!shareDecryption(one, other)) return false
  if (one.raw !== undefined && other.raw !== undefined) return shareRaw(one.raw, other.raw)
  return one.raw === other.raw && haveSameHeader(one.ciphertext, other.ciphertext)
}

const shareDecryption = comparing<DecryptCommand>({
  ciphertext: "own",
  key: "shared",
  aad: "own",
  raw: "own",
})

const shareRaw = comparing<NonNullable<DecryptCommand["raw"]>>({
  key: "shared",
  version: "shared",
  mechanism: "shared",
  iv: "own",
})

async function decryptOwn(
  ports: UsePorts,
  context: Context,
  { ciphertext, key: named, aad = none }: DecryptCommand,
): Promise<DecryptResult> {
  const { suite: mechanism, keyId, version, header, iv, body } = parse(ciphertext)
  const sealed = {
    version,
    mechanism,
    iv,
    ciphertext: body,
    aad: bind(ports, mechanism, header, aad),
  }
  const input = engine.coveredInput(sealed)
  const ask = { operation: "key.decrypt", key: named ?? keyId, mechanism, version, input } as const
  try {
    return await perform(ports, context, ask, async (act) => {
      const key = keyOf(act)
      if (sealedAs(key) !== keyId) throw decryptionFailed()
      const plaintext = await open(ports, act, key, sealed)
      return { keyId: key.id, version, mechanism, plaintext }
    })
  } catch (error) {
    throw isAboutHeader(error, named) ? decryptionFailed() : error
  }
}

function parse(ciphertext: Uint8Array): ReturnType<typeof decodeCiphertext> {
  const parsed = tryParse(ciphertext)
  if (parsed === undefined) throw decryptionFailed()
  return parsed
}

function tryParse(ciphertext: Uint8Array): ReturnType<typeof decodeCiphertext> | undefined {
  try {
    return decodeCiphertext(ciphertext)
  } catch (error) {
    if (error instanceof CodecError) return undefined
    throw error
  }
}

async function decryptRaw(
  ports: UsePorts,
  context: Context,
  { ciphertext, aad = none }: DecryptCommand,
  raw: NonNullable<DecryptCommand["raw"]>,
): Promise<DecryptResult> {
  const sealed = { iv: raw.iv ?? none, ciphertext, aad }
  const ask = {
    operation: "key.decrypt",
    key: raw.key,
    mechanism: raw.mechanism,
    version: raw.version,
    input: engine.coveredInput(sealed),
  } as const
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const mechanism = mechanismOf(act)
    const version = versionOf(key, raw.version)
    const plaintext = await open(ports, act, key, { version, mechanism, ...sealed })
    return { keyId: key.id, version, mechanism, plaintext }
  })
}

async function open(
  ports: UsePorts,
  act: Act,
  key: KeyRecord,
  sealed: {
    version: number
    mechanism: MechanismId
    iv: Uint8Array
    ciphertext: Uint8Array
    aad: Uint8Array
  },
): Promise<Uint8Array> {
  const handle = await ports.keys.open(key, sealed.version)
  return await engine.decrypt(act.permit, handle, sealed)
}

/** What a forged header could provoke: a key, version or suite that is not there. */
function isAboutHeader(error: unknown, named: DecryptCommand["key"]): boolean {
  if (!(error instanceof HsmError)) return false
  const { rule } = error.detail
  if (error.code === "KEY_NOT_FOUND") return named === undefined
  return rule === "mechanism" || rule === "version"
}

function checkSizes(message: Uint8Array, aad: Uint8Array | undefined, max: number): void {
  if (message.length > max) tooLarge("message")
  if (aad !== undefined && aad.length > limits.boundAadBytesMax) tooLarge("aad")
}

function tooLarge(what: string): never {
  throw new HsmError("PAYLOAD_TOO_LARGE", `the ${what} is longer than its bound`)
}
