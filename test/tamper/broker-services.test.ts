/** A hostile broker has every role at the services, but no owner's approver key. */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import type { ErrorCode } from "../../src/domain/errors.ts"
import type { Role } from "../../src/domain/principal.ts"
import type { Context } from "../../src/service/commands.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { exportKey } from "../../src/service/export-key.ts"
import { selfSign } from "../../src/service/issue-certificate.ts"
import type { SpeakCommand } from "../../src/service/quorum-commands.ts"
import { sign } from "../../src/service/sign.ts"
import { protectKey, setKeyRules } from "../../src/service/smart-key.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { readRequest } from "../../src/service/view-request.ts"
import { wordOf } from "../service/request-fixture.ts"
import { flipBit } from "../support/flip-bit.ts"
import { contextOf, type Stack } from "../support/stack.ts"
import { codeOf, onCopy, tryEverything } from "./broker-probe.ts"
import {
  askToSign,
  bo,
  evilMessage,
  makeScene,
  mallory,
  ruleOf,
  type Scene,
} from "./broker-scene.ts"

let scene: Scene
before(async () => {
  scene = await makeScene()
})
after(() => scene.remove())

type Attempt = (stack: Stack, as: (role: Role) => Context) => Promise<unknown>

/** A word on `open` that says it is somebody's. */
const speaking =
  (word: () => Partial<SpeakCommand>): Attempt =>
  async ({ ports }, as) => {
    const view = await readRequest(ports, as("approver"), scene.requests.open.request.id)
    await speakOnRequest(ports, as("approver"), { ...wordOf(view, mallory), ...word() })
  }

const told: readonly (readonly [what: string, attempt: Attempt, code: ErrorCode])[] = [
  [
    "a use without any request",
    ({ ports }, as) => sign(ports, as("user"), { key: scene.pay, message: evilMessage }),
    "APPROVAL_REQUIRED",
  ],
  [
    "a certificate, which is a signature as well",
    ({ ports }, as) =>
      selfSign(ports, as("manager"), {
        key: scene.pay,
        subject: "CN=Mallory",
        lifeMs: 86_400_000,
      }),
    "APPROVAL_REQUIRED",
  ],
  ["a stranger's approval", speaking(() => ({})), "OPERATION_FORBIDDEN"],
  [
    "a stranger's approval under an owner's name",
    speaking(() => ({ publicKey: bo.publicKey })),
    "MALFORMED_REQUEST",
  ],
  [
    "an owner's approval of another request",
    speaking(() => ({ ...scene.boSaid, request: scene.requests.open.request.id })),
    "MALFORMED_REQUEST",
  ],
  ["an owner's approval a second time", speaking(() => scene.annaSaid), "CONFLICT"],
  ["an owner's approval of a request that has ended", speaking(() => scene.boSaid), "CONFLICT"],
  [
    "an owner's approval, altered",
    speaking(() => {
      const word = wordOf(scene.requests.open, bo)
      return { ...word, signature: flipBit(word.signature, -1) }
    }),
    "MALFORMED_REQUEST",
  ],
  [
    "an owner's approval by another mechanism",
    speaking(() => ({ ...wordOf(scene.requests.open, bo), mechanism: "ECDSA_SHA_384" })),
    "MALFORMED_REQUEST",
  ],
  [
    "an owner's approval as a cancellation's",
    speaking(() => ({ ...wordOf(scene.requests.open, bo), word: "cancellation" })),
    "MALFORMED_REQUEST",
  ],
  [
    "what an owner signed for one message, for another",
    async ({ ports }, as) => {
      const evil = { message: evilMessage, as: as("user") }
      const view = await askToSign({ ports }, scene.pay, evil)
      const words = wordOf(scene.requests.open, bo)
      await speakOnRequest(ports, as("approver"), { ...words, request: view.request.id })
    },
    "MALFORMED_REQUEST",
  ],
  [
    "rules of the attacker's own",
    ({ ports }, as) =>
      setKeyRules(ports, as("manager"), { key: scene.pay, rules: ruleOf(mallory) }),
    "APPROVAL_REQUIRED",
  ],
  [
    "rules of the attacker's own, by the officers",
    ({ ports }, as) => protectKey(ports, as("officer"), { key: scene.pay, rules: ruleOf(mallory) }),
    "OPERATION_FORBIDDEN",
  ],
  [
    "the key in the clear",
    ({ ports }, as) => exportKey(ports, as("manager"), { key: scene.pay }),
    "OPERATION_FORBIDDEN",
  ],
  [
    "the key under a key of the attacker's own",
    async ({ ports }, as) => {
      const template = { name: "loot", algorithm: "AES_256", usages: ["wrap"] } as const
      const { id } = await createKey(ports, as("manager"), template)
      await exportKey(ports, as("manager"), { key: scene.pay, wrappingKey: id })
    },
    "OPERATION_FORBIDDEN",
  ],
  [
    "another key under the old name, with the old approvals",
    async ({ ports }, as) => {
      await deleteKey(ports, as("manager"), { key: scene.pay, windowMs: 0 })
      const template = { name: "pay", algorithm: "EC_P256", rules: ruleOf(mallory) } as const
      await createKey(ports, as("manager"), template)
      await speakOnRequest(ports, as("approver"), wordOf(scene.requests.open, bo))
    },
    "CONFLICT",
  ],
]

for (const [what, attempt, code] of told) {
  test(`${what}: ${code}`, async () => {
    await onCopy(scene, async (stack) => {
      assert.equal(
        await attempt(stack, (role) => contextOf(role, scene.a)).then(() => "done", codeOf),
        code,
      )
      assert.deepEqual((await tryEverything(scene, stack)).left, [])
    })
  })
}

test("what the owners agree to is executed: the tests above would notice", async () => {
  await onCopy(scene, async (stack) => {
    const approver = contextOf("approver", scene.a)
    await speakOnRequest(stack.ports, approver, wordOf(scene.requests.open, bo))
    assert.equal((await tryEverything(scene, stack)).left.length, 1)
  })
})
