/** The SDK as a package: alone, and typed so that mistakes do not compile. */

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { CallArguments, Key, Keyhold, ListItem } from "@keyhold/sdk"

const root = join(import.meta.dirname, "../../../packages/sdk")

test("the SDK imports nothing but Node and itself, and depends on nothing", () => {
  const files = readdirSync(join(root, "src"))
  const imported = files.flatMap((name) => {
    const text = readFileSync(join(root, "src", name), "utf8")
    return [...text.matchAll(/ from "([^"]+)"|import\("([^"]+)"\)/g)].map(
      (match) => match[1] ?? match[2] ?? "",
    )
  })
  assert.ok(imported.length > 20)
  for (const specifier of imported) assert.match(specifier, /^(node:[a-z/]+|\.\/[a-z0-9.-]+\.ts)$/)
  const text = readFileSync(join(root, "package.json"), "utf8")
  assert.doesNotMatch(text, /ependencies/)
})

/** Never called: each line that is marked must fail to compile. */
export async function misuse(kh: Keyhold): Promise<void> {
  // @ts-expect-error -- the key is missing
  await kh.call("getKey")
  // @ts-expect-error -- the parameter has another name
  await kh.call("getKey", { params: { name: "orders" } })
  // @ts-expect-error -- the body is missing
  await kh.call("createKey", { params: {} })
  // @ts-expect-error -- there is no such algorithm
  await kh.call("createKey", { body: { name: "orders", algorithm: "ROT_13" } })
  // @ts-expect-error -- there is no such operation
  await kh.call("forgeKey")
  // @ts-expect-error -- a text is no bytes
  await kh.encrypt("orders", "hello")
  // @ts-expect-error -- an answer has its own type
  const wrong: number = await kh.call("getPartition")
  assert.ok(wrong)
}

test("an operation's arguments and a list's items follow from the API's description", () => {
  const nothing: CallArguments<"getPartition"> = []
  const options: CallArguments<"seal"> = [{ timeoutMs: 1 }]
  const item: Pick<ListItem<"listKeys">, "state"> = { state: "active" satisfies Key["state"] }
  assert.deepEqual([nothing.length, options.length, item.state], [0, 1, "active"])
})
