/** What a hostile broker asks a node for, and what of it leaves. */

import assert from "node:assert/strict"
import { createPublicKey, verify } from "node:crypto"

import { HsmError, type ErrorCode } from "../../src/domain/errors.ts"
import { maintain } from "../../src/service/maintain.ts"
import { sign } from "../../src/service/sign.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { readRequest } from "../../src/service/view-request.ts"
import { wordOf } from "../service/request-fixture.ts"
import { contextOf, copyCluster, openCluster, type Stack } from "../support/stack.ts"
import {
  evilMessage,
  honestMessage,
  longTimelockMs,
  mallory,
  signaturesIn,
  type Scene,
} from "./broker-scene.ts"

/**
 * Whatever he can ask for by himself, as every role, for as long as timelocks run.
 *
 * @returns what the node noticed, and signatures by the owners' keys that they had not agreed to.
 */
export async function tryEverything(
  scene: Scene,
  stack: Stack,
): Promise<{ readonly outcome: "TAMPERED" | "unnoticed"; readonly left: readonly string[] }> {
  const { ports, clock } = stack
  const codes: unknown[] = []
  const left: Uint8Array[] = []
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      left.push(...signaturesIn(await work()))
    } catch (error) {
      codes.push(codeOf(error))
    }
  }
  for (const approving of [true, false]) {
    for (const asked of Object.values(scene.requests)) {
      const { request } = asked
      const { partition } = request
      if (approving && partition === scene.a) {
        await attempt(async () => {
          const view = await readRequest(ports, contextOf("user", scene.a), request.id)
          // Of one that has ended there is no statement any more; he kept it.
          await speakOnRequest(
            ports,
            contextOf("approver", scene.a),
            wordOf({ ...asked, ...view }, mallory),
          )
        })
      }
      await attempt(async () => {
        const view = await readRequest(ports, contextOf("user", partition), request.id)
        codes.push(view.request.failure?.code)
        return view
      })
    }
    for (const key of [scene.pay, scene.taken, scene.own]) {
      for (const role of ["user", "manager"] as const) {
        await attempt(() => sign(ports, contextOf(role, scene.a), { key, message: evilMessage }))
      }
    }
    clock.advance(longTimelockMs)
    await attempt(() => maintain(ports))
  }
  return {
    outcome: codes.includes("TAMPERED") ? "TAMPERED" : "unnoticed",
    left: ofOwners(scene, left),
  }
}

/** Signatures by the owners' keys over either message, without the one that they agreed to. */
function ofOwners(scene: Scene, signatures: readonly Uint8Array[]): readonly string[] {
  const theirs = signatures.filter((one) => scene.publics.some((spki) => isBy(spki, one)))
  const hex = new Set(theirs.map((one) => one.toHex()))
  hex.delete(scene.agreed.toHex())
  return [...hex]
}

function isBy(spki: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  return [honestMessage, evilMessage].some((message) => verify("sha256", message, key, signature))
}

export function codeOf(error: unknown): ErrorCode {
  assert.ok(error instanceof HsmError, String(error))
  return error.code
}

/** On a copy of the scene, as it is. */
export async function onCopy(scene: Scene, use: (stack: Stack) => Promise<void>): Promise<void> {
  const copy = await copyCluster(scene.cluster)
  try {
    const stack = await openCluster(copy)
    try {
      await use(stack)
    } finally {
      await stack.stop()
    }
  } finally {
    await copy.remove()
  }
}
