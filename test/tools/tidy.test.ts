/** The clone is tidy, and every rule catches what it is for. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { codeOf, readTree } from "../../tools/tidy/source.ts"
import type { SourceFile } from "../../tools/tidy/source.ts"
import { entries, structureRules } from "../../tools/tidy/structure.ts"
import { textRules } from "../../tools/tidy/text.ts"

const rules = [...structureRules, ...textRules]
const tree = readTree(join(import.meta.dirname, "../.."))

for (const rule of rules) {
  test(`tidy: ${rule.name}`, () => {
    assert.deepEqual(rule.check(tree), [], rule.why)
  })
}

/** Put together, so that nobody who looks for such lines finds this very file. */
const unfinished = ["// TO", "DO: later\n"].join("")
const skipped = ["test", 'skip("x", () => {})\n'].join(".")
const fence = "`".repeat(3)

/** By rule: files that break it, one violation each, and files that look alike but are tidy. */
const planted: Record<string, { bad: Record<string, string>; good: Record<string, string> }> = {
  "a folder of src/ imports only what the import table allows": {
    bad: {
      "src/faces/rest/a.ts": 'import { x } from "../../store/store.ts"\n',
      "src/faces/rest/b.ts": 'import type {\n  X,\n} from "../tsb/errors.ts"\n',
      "src/store/sqlite/c.ts": 'export * from "../memory/store.ts"\n',
      "src/service/d.ts": 'const { main } = await import("../daemon/main.ts")\n',
      "src/domain/e.ts": 'import { createHash } from "node:crypto"\n',
      "src/cli/f.ts": 'import "../audit/chain.ts"\n',
    },
    good: {
      "src/faces/rest/a.ts": 'import { x } from "../../service/sign.ts"\n',
      "src/faces/rest/b.ts": 'import { x } from "../render.ts"\n',
      "src/cli/f.ts": 'import { verify } from "../audit/verify.ts"\nimport "@keyhold/sdk"\n',
      "src/daemon/main.ts": 'import { x } from "../store/sqlite/store.ts"\n',
    },
  },
  "folders of src/ import each other in one direction": {
    bad: {
      "src/engine/a.ts": 'import "../sealing/b.ts"\n',
      "src/sealing/b.ts": 'import "../engine/c.ts"\n',
    },
    good: { "src/sealing/b.ts": 'import "../engine/c.ts"\n', "src/engine/c.ts": "" },
  },
  "every file of src/ is reachable from an entry": {
    bad: {
      ...Object.fromEntries(entries.map((path) => [path, ""])),
      "src/codec/der.ts": "",
    },
    good: {
      ...Object.fromEntries(entries.map((path) => [path, 'import "../codec/der.ts"\n'])),
      "src/codec/der.ts": "",
    },
  },
  "every test file belongs to exactly one suite": {
    bad: { "test/elsewhere/a.test.ts": "" },
    good: { "test/codec/a.test.ts": "" },
  },
  "a line has at most 100 columns": {
    bad: { "src/codec/a.ts": `const x = "${"a".repeat(90)}"\n` },
    good: { "src/codec/a.ts": `const x = "${"é".repeat(88)}"\n`, "a.md": "a".repeat(200) },
  },
  "time, randomness and output come as ports": {
    bad: {
      "src/service/a.ts": "const now = Date.now()\n",
      "src/service/b.ts": "const now = new Date()\n",
      "src/engine/c.ts": "const x = Math.random()\n",
      "src/records/d.ts": 'console.log("x")\n',
    },
    good: {
      "src/service/a.ts": "// Date.now() is banned\nconst x = `console.log(${y})`\n",
      "src/service/b.ts": "const then = new Date(now)\n",
      "src/daemon/clock.ts": "const now = Date.now()\n",
    },
  },
  "base64 and hex are decoded strictly": {
    bad: {
      "src/faces/rest/a.ts": 'const x = Buffer.from(body(1).text, "base64")\n',
      "packages/sdk/src/b.ts": 'const x = Buffer.from(text, "hex")\n',
    },
    good: {
      "src/faces/rest/a.ts": 'const x = Buffer.from(text, "utf8").toString("hex")\n',
      "src/codec/base64.ts": 'const x = Buffer.from(text, "base64")\n',
    },
  },
  "only engine and sealing touch secret keys": {
    bad: {
      "src/records/a.ts": 'import { createHmac } from "node:crypto"\ncreateHmac("sha256", k)\n',
      "src/audit/b.ts": 'import { createHash, sign } from "node:crypto"\n',
    },
    good: {
      "src/engine/a.ts": 'import { createHmac } from "node:crypto"\ncreateHmac("sha256", k)\n',
      "src/records/b.ts": 'import { createHash } from "node:crypto"\nengine.sign(permit)\n',
    },
  },
  "identifiers use the words of the glossary": {
    bad: { "src/domain/a.ts": "const x = tenantOf(y)\n", "src/domain/b.ts": "type KeyVault = 1\n" },
    good: { "src/domain/a.ts": 'const custody = "tenant" // a tenant\'s own\n' },
  },
  "nothing is left to do": {
    bad: { "src/domain/a.ts": unfinished, "tools/b.mjs": unfinished },
    good: { "src/domain/a.ts": 'const state = "todo"\n' },
  },
  "every test runs": {
    bad: { "test/codec/a.test.ts": skipped },
    good: { "test/codec/a.test.ts": 'test("x", { skip: reason }, () => {})\n' },
  },
  "a document has exactly one title": {
    bad: { "a.md": "# One\n\n# Two\n", "b.md": "none\n" },
    good: { "a.md": `# One\n\n## Part\n\n${fence}sh\n# a comment\n${fence}\n` },
  },
  "relative links of documents resolve": {
    bad: { "a.md": "# A\n\n[gone](docs/gone.md#part)\n" },
    good: { "a.md": "# A\n\n[here](package.json), [there](https://example.org/x), [part](#a)\n" },
  },
}

for (const rule of rules) {
  test(`tidy catches a planted violation: ${rule.name}`, () => {
    const sample = planted[rule.name]
    assert.ok(sample, "the rule has no planted violation")
    const found = rule.check(filesOf(sample.bad)).join("\n")
    const guilty = Object.keys(sample.bad).filter((path) => !entries.includes(path))
    if (rule.name.startsWith("folders"))
      assert.match(found, /engine -> src\/sealing -> src\/engine/)
    else for (const path of guilty) assert.ok(found.includes(path), `${path} went unseen`)
    assert.deepEqual(rule.check(filesOf(sample.good)), [])
  })
}

test("tidy blanks comments, texts and regular expressions, and nothing else", () => {
  const text = 'const a = /["\'/]/ // b\nconst c = 4 / 2 /* " */ + d / `e ${f(`h`)} g`\n'
  const code = codeOf({ path: "x.ts", text })
  assert.equal(code.length, text.length)
  assert.deepEqual(code.match(/\w+/g), ["const", "a", "const", "c", "4", "2", "d"])
})

function filesOf(files: Record<string, string>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }))
}
