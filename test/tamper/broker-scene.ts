/** Keys with rules and requests with a past: what a hostile broker would like to use. */

import assert from "node:assert/strict"

import type { KeyId, PartitionId } from "../../src/domain/ids.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import type {
  KeyRulesTemplate,
  RequestView,
  RuleTemplate,
  SpeakCommand,
} from "../../src/service/quorum-commands.ts"
import { publicKey } from "../../src/service/read-key.ts"
import { setKeyRules } from "../../src/service/smart-key.ts"
import { cancelRequest, speakOnRequest } from "../../src/service/speak-request.ts"
import { readRequest } from "../../src/service/view-request.ts"
import { wordOf } from "../service/request-fixture.ts"
import { newApprover, quorumOf, type TestApprover } from "../support/approvers.ts"
import {
  contextOf,
  copyCluster,
  foundCluster,
  newPartition,
  openCluster,
  type Cluster,
  type Stack,
} from "../support/stack.ts"

export const timelockMs = 2 * 60_000
/** Of the attacker's own rules: they outlast the scene. */
export const longTimelockMs = 60 * 60_000
/** What the owners would sign, and what the attacker would like them to. */
export const honestMessage = Buffer.from("pay 100 to Dora")
export const evilMessage = Buffer.from("pay 100 to Mallory")

export const anna = newApprover("Anna")
export const bo = newApprover("Bo")
export const cleo = newApprover("Cleo")
/** The attacker is an approver too: of keys of his own. */
export const mallory = newApprover("Mallory")
const owners = [anna, bo, cleo]

export interface Scene {
  /** Stopped, with the anchor file of an orderly stop. */
  readonly cluster: Cluster
  /** The same, stopped earlier. */
  readonly earlier: Cluster
  readonly a: PartitionId
  readonly b: PartitionId
  /** Two of three owners, and a timelock, all along. */
  readonly pay: KeyId
  /** The attacker's rule earlier, the owners' now. */
  readonly taken: KeyId
  /** The attacker's own. */
  readonly own: KeyId
  readonly requests: {
    /** Approved by two and waiting for its timelock earlier; executed now. */
    readonly done: RequestView
    /** Approved by two and waiting for its timelock earlier; cancelled now. */
    readonly withdrawn: RequestView
    /** Approved by one earlier; rejected now. */
    readonly refused: RequestView
    /** Approved by one; open. */
    readonly open: RequestView
    /** On the attacker's own key, approved by him, and waiting for its timelock. */
    readonly mine: RequestView
    /** The same in another partition. */
    readonly foreign: RequestView
  }
  /** SPKI of `pay` and `taken`. */
  readonly publics: readonly Uint8Array[]
  /** The signature that the owners agreed to before the attack; who asked for it reads it. */
  readonly agreed: Uint8Array
  /** Bo's approval of `withdrawn`. */
  readonly boSaid: SpeakCommand
  /** Anna's approval of `open`. */
  readonly annaSaid: SpeakCommand
  remove(): Promise<void>
}

/** Lives through an earlier time, is copied, and lives on. */
export async function makeScene(): Promise<Scene> {
  const cluster = await foundCluster()
  const stack = await openCluster(cluster)
  const a = await newPartition(stack, "a", { flags: { plainExport: true, wrappedExport: true } })
  const b = await newPartition(stack, "b")
  const byOwners = quorumOf(2, owners, { timelockMs })
  const byMallory = quorumOf(1, [mallory], { timelockMs: longTimelockMs })
  const key = async (name: string, use: RuleTemplate, partition = a): Promise<KeyId> => {
    const rules: KeyRulesTemplate = use === byOwners ? { use, modify: byOwners } : { use }
    const template = { name, algorithm: "EC_P256", rules } as const
    return (await createKey(stack.ports, contextOf("manager", partition), template)).id
  }
  const [pay, taken, own] = [
    await key("pay", byOwners),
    await key("taken", byMallory),
    await key("own", byMallory),
  ]
  const ofB = await key("foreign", byMallory, b)
  const ask = (on: KeyId, message = honestMessage, partition = a) =>
    askToSign(stack, on, { message, as: contextOf("user", partition) })
  const requests = {
    done: await ask(pay),
    withdrawn: await ask(pay),
    refused: await ask(pay),
    open: await ask(pay),
    mine: await ask(own, evilMessage),
    foreign: await ask(ofB, evilMessage, b),
  }
  const boSaid = wordOf(requests.withdrawn, bo)
  const annaSaid = wordOf(requests.open, anna)
  const approver = contextOf("approver", a)
  for (const word of [
    wordOf(requests.done, anna),
    wordOf(requests.done, bo),
    wordOf(requests.withdrawn, anna),
    boSaid,
    wordOf(requests.refused, anna),
    annaSaid,
    wordOf(requests.mine, mallory),
  ]) {
    await speakOnRequest(stack.ports, approver, word)
  }
  const approverOfB = contextOf("approver", b)
  await speakOnRequest(stack.ports, approverOfB, wordOf(requests.foreign, mallory))
  await stack.stop({ anchored: true })
  const earlier = await copyCluster(cluster)
  const seen = await liveOn(cluster, { a, pay, taken, requests, byOwners })
  const remove = async (): Promise<void> => {
    await cluster.remove()
    await earlier.remove()
  }
  const made = { a, b, pay, taken, own, requests, boSaid, annaSaid }
  return { cluster, earlier, ...made, ...seen, remove }
}

async function liveOn(
  cluster: Cluster,
  scene: Pick<Scene, "a" | "pay" | "taken" | "requests"> & { readonly byOwners: RuleTemplate },
): Promise<Pick<Scene, "publics" | "agreed">> {
  const stack = await openCluster(cluster)
  const { ports, clock } = stack
  const { a, pay, taken, requests, byOwners } = scene
  const manager = contextOf("manager", a)
  await cancelRequest(ports, manager, requests.withdrawn.request.id)
  for (const who of [bo, cleo]) {
    await speakOnRequest(
      ports,
      contextOf("approver", a),
      wordOf(requests.refused, who, "rejection"),
    )
  }
  await setKeyRules(ports, manager, { key: taken, rules: { use: byOwners, modify: byOwners } })
  clock.advance(timelockMs)
  await maintain(ports)
  const user = contextOf("user", a)
  const publics = await Promise.all(
    [pay, taken].map(async (key) => (await publicKey(ports, user, { key })).publicKey),
  )
  const { request } = await readRequest(ports, user, requests.done.request.id)
  const [agreed] = signaturesIn(request.result)
  assert.ok(agreed !== undefined, request.state)
  await stack.stop({ anchored: true })
  return { publics, agreed }
}

/** Asks for a signature. */
export async function askToSign(
  { ports }: Pick<Stack, "ports">,
  key: KeyId,
  { message, as }: { readonly message: Uint8Array; readonly as: Context },
): Promise<RequestView> {
  const parameters = { key, message }
  return await makeRequest(ports, as, { asked: { operation: "key.sign", parameters } })
}

/** For a rule of the attacker alone. */
export function ruleOf(approver: TestApprover): KeyRulesTemplate {
  return { use: quorumOf(1, [approver]), modify: quorumOf(1, [approver]) }
}

/** Whatever an answer holds that could be a signature. */
export function signaturesIn(answer: unknown): Uint8Array[] {
  if (answer instanceof Uint8Array) return [answer]
  if (typeof answer !== "object" || answer === null) return []
  return Object.values(answer).flatMap(signaturesIn)
}
