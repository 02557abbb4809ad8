import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { calls } from "@keyhold/sdk"
import { completions } from "../../src/cli/commands/completion.ts"
import { groups, loadCommands } from "../../src/cli/groups.ts"
import { groupSummaries, wordsOf } from "../../src/cli/program.ts"
import { keyAlgorithms } from "../../src/domain/algorithms.ts"
import { limits } from "../../src/domain/limits.ts"
import { run } from "./fixture.ts"

/** Cuts a shell's command line into words; knows single quotes. */
function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "")
}

test("every command has a summary, and an example that begins with it and parses", async () => {
  const commands = await loadCommands(undefined)
  assert.ok(commands.length >= 55)
  for (const command of commands) {
    const words = wordsOf(command).join(" ")
    for (const above of wordsOf(command).slice(0, -1)) assert.ok(groupSummaries[above], above)
    assert.match(command.summary, /^[A-Z].{10}/, words)
    if (words.startsWith("completion")) continue
    assert.ok(command.example.startsWith(`keyhold ${words}`), command.example)
    const args = shellWords(command.example.replace(/ > .*/, "")).slice(1)
    // Without a node to ask, a command that parses fails later, and never for its usage.
    const ran = await run([...args, "--url", "nothing"])
    assert.doesNotMatch(ran.stderr, /error: |USAGE.*(one of|form)/, command.example)
  }
})

test("every command's help shows its example", async () => {
  for (const command of await loadCommands(undefined)) {
    const { code, text } = await run([...wordsOf(command), "--help"])
    assert.equal(code, 0)
    assert.ok(text.includes(`$ ${command.example}`), wordsOf(command).join(" "))
  }
})

test("each group loads the commands of its words, and no two commands are the same", async () => {
  const all = await loadCommands(undefined)
  for (const { words, load } of groups) {
    const found = new Set((await load()).map((command) => wordsOf(command)[0] ?? ""))
    assert.deepEqual([...found].toSorted(), words.toSorted())
  }
  const names = all.map((command) => wordsOf(command).join(" "))
  assert.equal(new Set(names).size, names.length)
})

test("usage that is wrong ends with 2, help with 0", async () => {
  const wrong = [["key", "create"], ["key", "fly"], ["fly"], ["key", "list", "--fly"], []]
  for (const args of wrong) assert.equal((await run(args)).code, 2, args.join(" "))
  for (const args of [["--help"], ["key", "--help"], ["help", "key"]]) {
    assert.equal((await run(args)).code, 0, args.join(" "))
  }
})

test("the client's bounds are those of the domain", () => {
  assert.equal(calls.signBytesMax, limits.signBytesMax)
  assert.equal(calls.messageBytesMax, limits.messageBytesMax)
})

test("every mechanism is listed with its parameters, and as JSON with everything", async () => {
  const { text } = await run(["algorithms", "--mechanisms"])
  assert.match(text, /\nED25519_PH +signature +recommended +context digest +RFC 8032/)
  const mechanisms = JSON.parse((await run(["algorithms", "--mechanisms", "--json"])).text) as {
    readonly mechanism: string
  }[]
  assert.equal(text.trimEnd().split("\n").length, 1 + mechanisms.length)
  const keys = JSON.parse((await run(["algorithms", "--json"])).text) as {
    readonly algorithm: string
    readonly signatureBytes?: number
  }[]
  assert.equal(keys.length, Object.keys(keyAlgorithms).length)
  const found = keys.find(({ algorithm }) => algorithm === "ML_DSA_65")
  assert.equal(found?.signatureBytes, 3309)
})

test("every algorithm is listed with what it serves", async () => {
  const { text } = await run(["algorithms"])
  const rows = text.trimEnd().split("\n").slice(1)
  assert.deepEqual(
    rows.map((row) => row.split(/ +/)),
    Object.entries(keyAlgorithms).map(([id, { status, mechanisms }]) => [
      id,
      status,
      ...mechanisms,
    ]),
  )
})

test("completion offers every word and every option", async () => {
  const all = new Map(
    completions(await loadCommands(undefined)).map((one) => [one.words, one.candidates]),
  )
  assert.ok(all.get("")?.includes("audit"))
  assert.deepEqual(all.get("audit"), ["export", "list", "verify"])
  assert.ok(all.get("key create")?.includes("--algorithm"))
  assert.ok(all.get("key create")?.includes("--json"))
})

test("bash completes words and options with the script", async () => {
  const { text } = await run(["completion", "bash"])
  const complete = (...words: string[]) => {
    const list = words.map((word) => `"${word}"`).join(" ")
    const call = `COMP_WORDS=(keyhold ${list}); COMP_CWORD=${words.length}; _keyhold`
    const script = `${text}\n${call}; echo "\${COMPREPLY[*]}"`
    return spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout.trim()
  }
  assert.equal(complete("par"), "partition partitions")
  assert.equal(complete("key", "cr"), "create")
  assert.equal(complete("key", "create", "orders", "--alg"), "--algorithm")
  assert.equal(complete("audit", ""), "export list verify")
})

test("no option or variable of a command line takes a token itself", async () => {
  const options = (await loadCommands(undefined))
    .flatMap(({ options: rows = [], required = [] }) => [...rows, ...required])
    .map(([flags]) => flags)
  assert.ok(options.every((flags) => !/token <(?!file)/.test(flags)))
  const source = readFileSync(join(import.meta.dirname, "../../src/cli/program.ts"), "utf8")
  assert.match(source, /--token-file <file>/)
  assert.doesNotMatch(source, /"--token </)
})
