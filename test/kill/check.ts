/** After a restart: is everything there that was acknowledged, and nothing twice? */

import assert from "node:assert/strict"

import { splitLines, verifyExport } from "../../src/audit/verify.ts"
import { parseExportLine } from "../../src/audit/export-format.ts"
import type { DevFile } from "../../src/daemon/dev.ts"
import { limits } from "../../src/domain/limits.ts"
import type { Role } from "../../src/domain/principal.ts"
import type { Fields, RestClient } from "../support/rest-client.ts"
import type { KnownKey, Ledger } from "./ledger.ts"

type Tokens = DevFile["tokens"]

/** Makes every call again whose answer was lost: each must succeed, whatever had become of it. */
export async function repeatLost(ledger: Ledger, client: RestClient): Promise<void> {
  for (const { again } of ledger.lost.splice(0)) await again(client)
}

/** Looks at every key that was used since the last look, and opens its ciphertexts. */
export async function checkFresh(ledger: Ledger, client: RestClient, tokens: Tokens) {
  for (const key of ledger.fresh) await checkKey(client, tokens, key)
  ledger.fresh.clear()
}

async function checkKey(client: RestClient, { manager, user }: Tokens, key: KnownKey) {
  const found = await client.call(manager, `GET /keys/${key.id}`)
  assert.equal(found["name"], key.name)
  assert.equal(found["state"], key.deleted ? "destroyed" : "active", key.name)
  const versions = found["versions"] as readonly unknown[] // openapi.yaml: Key.
  assert.equal(versions.length, key.deleted ? 0 : key.versions, key.name)
  for (const { plaintext, ciphertext } of key.ciphertexts) {
    const answer = await client.send("POST", "/api/v1/decrypt", {
      token: user,
      body: { ciphertext },
    })
    assert.equal(answer.status, key.deleted ? 409 : 200, answer.text)
    if (!key.deleted) assert.equal((JSON.parse(answer.text) as Fields)["plaintext"], plaintext)
  }
}

/** Everything that there is, against everything that was acknowledged. */
export async function checkAll(ledger: Ledger, client: RestClient, tokens: Tokens) {
  const keys = await listAll(client, tokens.manager, "/keys")
  assert.deepEqual(ids(keys), ids(ledger.keys.filter(({ deleted }) => !deleted)))
  assert.equal(new Set(keys.map(({ name }) => name)).size, keys.length)
  const roles: readonly string[] = [
    "user",
    "manager",
    "approver",
    "auditor",
    "officer",
  ] satisfies Role[]
  const first = [...roles, "aws", "tsb", "xks"]
  const principals = await listAll(client, tokens.officer, "/principals")
  const made = principals.filter(({ name }) => !first.includes(String(name)))
  assert.deepEqual(ids(made), ids(ledger.principals))
  for (const key of ledger.keys) await checkKey(client, tokens, key)
}

function ids(items: readonly { readonly id: string }[]): string[] {
  return items.map(({ id }) => id).toSorted()
}

async function listAll(client: RestClient, token: string | undefined, path: string) {
  const items: (Fields & { readonly id: string })[] = []
  let after: string | undefined
  do {
    const query = new URLSearchParams({ limit: String(limits.pageSizeMax) })
    if (after !== undefined) query.set("after", after)
    const page = await client.call<{ items: typeof items; next?: string }>(
      token,
      `GET ${path}?${query.toString()}`,
    )
    items.push(...page.items)
    after = page.next
  } while (after !== undefined)
  return items
}

/** The log verifies, and tells of every request that was acknowledged. */
export async function checkAudit(ledger: Ledger, client: RestClient, tokens: Tokens) {
  const told = new Map<string, Set<string>>()
  for (const token of [tokens.auditor, tokens["cluster-officer"]]) {
    const answer = await client.send("GET", "/api/v1/audit/export", { token })
    assert.equal(answer.status, 200, answer.text)
    const report = await verifyExport(splitLines([answer.text]))
    assert.deepEqual(report.problems, [])
    assert.ok(report.ok && report.completeUpTo !== undefined)
    for (const text of answer.text.split("\n")) {
      const line = text === "" ? undefined : parseExportLine(text)
      if (line?.kind !== "shown") continue
      const { requestId = "", act, outcome } = line.record
      const outcomes = told.get(`${act} ${requestId}`) ?? new Set()
      told.set(`${act} ${requestId}`, outcomes.add(outcome))
    }
  }
  for (const { id, act } of ledger.requests) {
    const outcomes = told.get(`${act} ${id}`)
    assert.ok(outcomes?.has("allowed") === true, `no record of ${act} ${id}`)
    assert.ok(!outcomes.has("failed") && !outcomes.has("denied"), `${act} ${id}`)
  }
}
