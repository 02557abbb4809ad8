/** Sign and verify; MACs are signatures under a secret key. */

import { keyAlgorithm } from "../domain/algorithms.ts"
import { formatPath, type DerivationPath } from "../domain/derivation.ts"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import type { KeyRecord } from "../domain/key.ts"
import { each, mapResults, type Outcome } from "../domain/outcome.ts"
import type { Permit } from "../domain/policy.ts"
import * as macs from "../engine/mac.ts"
import * as signatures from "../engine/signature.ts"
import type { KeyHandle } from "../sealing/handles.ts"
import { keyOf, mechanismOf, perform, type Act, type Ask } from "./act.ts"
import { asTheyAre, comparing, performAlike, type Asking } from "./act-alike.ts"
import type {
  Context,
  MacCommand,
  SignCommand,
  SignResult,
  VerifyCommand,
  VerifyResult,
} from "./commands.ts"
import { readPath } from "./derived.ts"
import type { UsePorts } from "./ports.ts"

/**
 * Signs a message, or the digest that its sender made of it, with a key's current version.
 *
 * @returns ECDSA: DER (RFC 3279 section 2.2.3) or raw; others: the bytes of their standards.
 * @throws HsmError KEY_NOT_FOUND, KEY_STATE, OPERATION_FORBIDDEN, RATE_LIMITED, PAYLOAD_TOO_LARGE,
 * MALFORMED_REQUEST for a digest of another length or a parameter that the mechanism does not take,
 * AUDIT_UNAVAILABLE.
 */
export async function sign(
  ports: UsePorts,
  context: Context,
  command: SignCommand,
): Promise<SignResult> {
  return await produce(ports, context, command, signing)
}

/**
 * As {@link sign} for commands that are {@link areAlikeToSign}; undefined where they have to go one
 * by one.
 */
export async function signAlike(
  ports: UsePorts,
  asking: Asking,
  commands: readonly SignCommand[],
): Promise<readonly Outcome<SignResult>[] | undefined> {
  return await produceAlike(ports, asking, commands, signing)
}

/** Authenticates a message with a key's current version. Errors as {@link sign}. */
export async function mac(
  ports: UsePorts,
  context: Context,
  command: MacCommand,
): Promise<SignResult> {
  return await produce(ports, context, command, authenticating)
}

/** As {@link mac} for commands that are {@link areAlikeToSign}; as {@link signAlike}. */
export async function macAlike(
  ports: UsePorts,
  asking: Asking,
  commands: readonly MacCommand[],
): Promise<readonly Outcome<SignResult>[] | undefined> {
  return await produceAlike(ports, asking, commands, authenticating)
}

/** True when nothing but the messages tells them apart. */
export function areAlikeToSign(one: SignCommand, other: SignCommand): boolean {
  return one.path === undefined && shareSignature(one, other)
}

const shareSignature = comparing<SignCommand>({
  key: "shared",
  message: "own",
  mechanism: "shared",
  messageType: "shared",
  encoding: "shared",
  context: "shared",
  saltLength: "shared",
  mgfHash: "shared",
  merkleRoot: "shared",
  path: "shared",
  auxRandom: "shared",
  deterministic: "shared",
})

/**
 * Verifies a signature under the version named, or under every live version, newest first.
 * An invalid signature is an answer, not an error.
 */
export async function verify(
  ports: UsePorts,
  context: Context,
  command: VerifyCommand,
): Promise<VerifyResult> {
  return await check(ports, context, command, { operation: "key.verify", run: signatures.verify })
}

/** Verifies a MAC in constant time. As {@link verify}. */
export async function verifyMac(
  ports: UsePorts,
  context: Context,
  command: VerifyCommand,
): Promise<VerifyResult> {
  return await check(ports, context, command, {
    operation: "key.verify-mac",
    run: (permit, handle, { signature, ...rest }) =>
      macs.verifyMac(permit, handle, { ...rest, mac: signature }),
  })
}

interface Producer {
  readonly operation: "key.sign" | "key.mac"
  readonly covers: typeof signatures.coveredInput
  readonly run: typeof signatures.sign | typeof macs.mac
  /** For many messages that share everything else. */
  readonly many: typeof signatures.signMany
}

const signing: Producer = {
  operation: "key.sign",
  covers: signatures.coveredInput,
  run: signatures.sign,
  many: signatures.signMany,
}

const authenticating: Producer = {
  operation: "key.mac",
  covers: ({ message }) => ({ message }),
  run: macs.mac,
  many: (permit, handle, shared, messages) =>
    each(messages, (message) => macs.mac(permit, handle, { ...shared, message })),
}

async function produce(
  ports: UsePorts,
  context: Context,
  command: SignCommand,
  { operation, covers, run }: Producer,
): Promise<SignResult> {
  const { key: ref, mechanism: wanted, path: text, ...input } = command
  const { message, messageType } = input
  checkSize(message)
  const path = text === undefined ? undefined : readPath(text)
  const ask = {
    operation,
    key: ref,
    mechanism: wanted,
    input: covers({ ...input, path }),
    ...namedPath(path),
    ...noteOf(messageType),
  } as const
  return await perform(ports, context, ask, (act) => makeOne(ports, act, command, run))
}

async function produceAlike(
  ports: UsePorts,
  asking: Asking,
  commands: readonly SignCommand[],
  { operation, run, many }: Producer,
): Promise<readonly Outcome<SignResult>[] | undefined> {
  const [first] = commands
  if (first === undefined || commands.some(({ message }) => !isWithinBound(message))) {
    return undefined
  }
  const { key: ref, mechanism: named, path: _path, message: _message, ...shared } = first
  const ask = { operation, key: ref, mechanism: named, ...noteOf(first.messageType) } as const
  const times = commands.length
  return await performAlike(ports, { ...asking, times, ask }, async (act) => {
    const mechanism = mechanismOf(act)
    const wanted = keyOf(act)
    if (keyAlgorithm(wanted.algorithm).stateful !== undefined) {
      return asTheyAre(await each(commands, (one) => makeOne(ports, act, one, run)))
    }
    const { key, version } = await ports.sealBudget.draw(wanted, mechanism, times)
    const handle = await ports.keys.open(key, version)
    const messages = commands.map(({ message }) => message)
    const made = await many(act.permit, handle, { mechanism, ...shared }, messages)
    const about = { keyId: key.id, version, mechanism }
    return asTheyAre(mapResults(made, (signature) => ({ ...about, signature })))
  })
}

async function makeOne(
  ports: UsePorts,
  act: Act,
  { key: _key, mechanism: _named, path: text, ...input }: SignCommand,
  run: Producer["run"],
): Promise<SignResult> {
  const path = text === undefined ? undefined : readPath(text)
  const mechanism = mechanismOf(act)
  const { key: reserved, index } = await ports.indexes.draw(keyOf(act))
  const { key, version } = await ports.sealBudget.draw(reserved, mechanism)
  const handle = await ports.keys.open(key, version)
  const signature = await run(act.permit, handle, { mechanism, path, index, ...input })
  return { keyId: key.id, version, mechanism, signature }
}

interface Checker {
  readonly operation: "key.verify" | "key.verify-mac"
  readonly run: (
    permit: Permit,
    handle: KeyHandle,
    command: Parameters<typeof signatures.verify>[2],
  ) => boolean | Promise<boolean>
}

async function check(
  ports: UsePorts,
  context: Context,
  command: VerifyCommand,
  { operation, run }: Checker,
): Promise<VerifyResult> {
  const { key: ref, mechanism: named, version: wanted, path: text, ...input } = command
  const { message, messageType, signature } = input
  checkSize(message)
  const path = text === undefined ? undefined : readPath(text)
  const ask = {
    operation,
    key: ref,
    mechanism: named,
    version: wanted,
    input: { message, mac: signature },
    ...namedPath(path),
    ...noteOf(messageType),
  } as const
  return await perform(ports, context, ask, async (act) => {
    const key = keyOf(act)
    const mechanism = mechanismOf(act)
    for (const version of candidates(key, wanted)) {
      const handle = await ports.keys.open(key, version)
      if (await run(act.permit, handle, { mechanism, path, ...input })) {
        return { keyId: key.id, valid: true, version, mechanism }
      }
    }
    return { keyId: key.id, valid: false, mechanism }
  })
}

function candidates(key: KeyRecord, wanted: number | undefined): number[] {
  if (wanted !== undefined) return [wanted]
  return key.versions
    .map(({ version }) => version)
    .filter((version) => version >= key.minVersion)
    .toReversed()
}

function namedPath(path: DerivationPath | undefined): Pick<Ask, "path"> {
  return path === undefined ? {} : { path: formatPath(path) }
}

/** What was signed is then known by its digest alone: the log says so. */
function noteOf(messageType: SignCommand["messageType"]): Pick<Ask, "note"> {
  return messageType === "digest" || messageType === "mu" ? { note: messageType } : {}
}

function checkSize(message: Uint8Array): void {
  if (isWithinBound(message)) return
  throw new HsmError("PAYLOAD_TOO_LARGE", "the message is longer than its bound")
}

function isWithinBound(message: Uint8Array): boolean {
  return message.length <= limits.signBytesMax
}
