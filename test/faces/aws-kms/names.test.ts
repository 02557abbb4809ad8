import assert from "node:assert/strict"
import { after, test } from "node:test"
import { setTimeout } from "node:timers/promises"

import { limits } from "../../../src/domain/limits.ts"
import type { Commit } from "../../../src/store/store.ts"
import { awsFace, b64, homeRegion, type Body } from "../../support/aws-face.ts"

const aws = await awsFace()
after(() => aws.stop())

let count = 0
const freshAlias = (): string => `alias/name-${++count}`

/** Every page of a list, its items joined; counts the pages. */
async function pages(name: string, as: string, input: Body): Promise<[unknown[], number]> {
  const items: unknown[] = []
  let Marker: unknown
  for (let page = 1; ; page++) {
    const answer = await aws.ok(name, { ...input, ...(Marker === undefined ? {} : { Marker }) })
    items.push(...(answer[as] as unknown[]))
    if (answer["Truncated"] === false) return [items, page]
    Marker = answer["NextMarker"]
  }
}

test("an alias is unique in its region, and lists with its key and its times", async () => {
  const key = await aws.createKey()
  const other = await aws.createKey()
  const AliasName = freshAlias()
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: key.Arn })
  const AliasArn = `arn:aws:kms:${homeRegion}:${aws.account}:${AliasName}`
  assert.equal(
    await aws.fault("CreateAlias", { AliasName, TargetKeyId: other.KeyId }),
    `AlreadyExistsException: An alias with the name ${AliasArn} already exists`,
  )
  const at = aws.stack.clock.now() / 1_000
  assert.deepEqual((await aws.ok("ListAliases", { KeyId: key.KeyId }))["Aliases"], [
    { AliasName, AliasArn, TargetKeyId: key.KeyId, CreationDate: at, LastUpdatedDate: at },
  ])
  assert.deepEqual((await aws.ok("ListAliases", { KeyId: other.KeyId }))["Aliases"], [])
  const elsewhere = { region: "us-east-1" }
  assert.deepEqual((await aws.ok("ListAliases", {}, elsewhere))["Aliases"], [])
  const there = await aws.createKey({}, elsewhere)
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: there.KeyId }, elsewhere)
})

test("an alias moves to a key of the same kind, at once for everybody", async () => {
  const [one, two] = [await aws.createKey(), await aws.createKey()]
  const AliasName = freshAlias()
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: one.KeyId })
  const encrypt = { KeyId: AliasName, Plaintext: b64("x") }
  assert.equal((await aws.ok("Encrypt", encrypt))["KeyId"], one.Arn)
  aws.stack.clock.advance(1_000)
  await aws.ok("UpdateAlias", { AliasName, TargetKeyId: two.KeyId })
  assert.equal((await aws.ok("Encrypt", encrypt))["KeyId"], two.Arn)
  const { Aliases } = await aws.ok("ListAliases", { KeyId: two.KeyId })
  const [moved] = Aliases as Body[]
  assert.equal(Number(moved?.["LastUpdatedDate"]) - Number(moved?.["CreationDate"]), 1)
  const hmac = await aws.createKey({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" })
  const odd = await aws.fault("UpdateAlias", { AliasName, TargetKeyId: hmac.KeyId })
  assert.match(odd, /^ValidationException: the two keys differ/)
  await aws.ok("UpdateAlias", { AliasName, TargetKeyId: two.KeyId })
})

test("an alias of a key that waits for its end moves away, and none moves to it", async () => {
  const [one, two] = [await aws.createKey(), await aws.createKey()]
  const AliasName = freshAlias()
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: one.KeyId })
  await aws.ok("ScheduleKeyDeletion", { KeyId: one.KeyId })
  await aws.ok("UpdateAlias", { AliasName, TargetKeyId: two.KeyId })
  const back = await aws.fault("UpdateAlias", { AliasName, TargetKeyId: one.KeyId })
  assert.equal(back, `KMSInvalidStateException: ${one.Arn} is pending deletion.`)
})

const to = (TargetKeyId: unknown, AliasName: string) => ({ AliasName, TargetKeyId })
async function namesOf({ KeyId }: Body): Promise<readonly string[]> {
  const { Aliases } = await aws.ok("ListAliases", { KeyId })
  return (Aliases as { AliasName: string }[]).map(({ AliasName }) => AliasName).toSorted()
}

test("an alias moves while both keys get others, and while others move back", async (t) => {
  const [one, two] = [await aws.createKey(), await aws.createKey()]
  const [forth, back] = [
    [freshAlias(), freshAlias()],
    [freshAlias(), freshAlias()],
  ]
  for (const alias of forth) await aws.ok("CreateAlias", to(one.KeyId, alias))
  for (const alias of back) await aws.ok("CreateAlias", to(two.KeyId, alias))
  const [ofOne, ofTwo] = [freshAlias(), freshAlias()]
  const { store } = aws.stack
  const commit = store.commit.bind(store)
  const slow = async (asked: Commit) => {
    await setTimeout(2) // In which the others read what is about to be old.
    return await commit(asked)
  }
  t.mock.method(store, "commit", slow)
  await Promise.all([
    aws.ok("CreateAlias", to(one.KeyId, ofOne)),
    ...forth.map((alias) => aws.ok("UpdateAlias", to(two.KeyId, alias))),
    ...back.map((alias) => aws.ok("UpdateAlias", to(one.KeyId, alias))),
    aws.ok("CreateAlias", to(two.KeyId, ofTwo)),
  ])
  assert.deepEqual(await namesOf(one), [...back, ofOne].toSorted())
  assert.deepEqual(await namesOf(two), [...forth, ofTwo].toSorted())
})

test("a deleted alias is gone, and its name is free", async () => {
  const key = await aws.createKey()
  const AliasName = freshAlias()
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: key.KeyId })
  await aws.ok("DeleteAlias", { AliasName })
  const arn = `arn:aws:kms:${homeRegion}:${aws.account}:${AliasName}`
  const gone = `NotFoundException: Alias ${arn} is not found.`
  for (const [name, input] of [
    ["DeleteAlias", { AliasName }],
    ["UpdateAlias", { AliasName, TargetKeyId: key.KeyId }],
    ["Encrypt", { KeyId: AliasName, Plaintext: b64("x") }],
  ] as const) {
    assert.equal(await aws.fault(name, input), gone)
  }
  await aws.ok("CreateAlias", { AliasName, TargetKeyId: key.KeyId })
  await aws.ok("DescribeKey", { KeyId: key.KeyId })
})

const noAliases: readonly (readonly [string, RegExp])[] = [
  ["orders", /^ValidationException: Alias must start with the prefix "alias\/"/],
  ["alias/", /^InvalidAliasNameException/],
  ["alias/a:b", /^InvalidAliasNameException/],
  ["alias/aws/s3", /^InvalidAliasNameException: .*reserved/],
  ["alias/a b", /^ValidationException: .*regular expression pattern: \^\[a-zA-Z0-9:/],
  [`alias/${"a".repeat(251)}`, /^ValidationException: .*less than or equal to 256/],
]
for (const [AliasName, expected] of noAliases) {
  test(`${AliasName.slice(0, 20)} is no name for an alias`, async () => {
    const { KeyId } = await aws.createKey()
    assert.match(await aws.fault("CreateAlias", { AliasName, TargetKeyId: KeyId }), expected)
  })
}

test("an alias is no target of an alias, and a key has fifty at most", async () => {
  const key = await aws.createKey()
  for (let made = 0; made < limits.aliasesPerKeyMax; made++) {
    await aws.ok("CreateAlias", { AliasName: freshAlias(), TargetKeyId: key.KeyId })
  }
  const input = { AliasName: freshAlias(), TargetKeyId: key.KeyId }
  assert.match(await aws.fault("CreateAlias", input), /^LimitExceededException/)
  const chain = { AliasName: freshAlias(), TargetKeyId: "alias/name-1" }
  assert.match(await aws.fault("CreateAlias", chain), /^ValidationException: Aliases must refer/)
  const [listed, count] = await pages("ListAliases", "Aliases", { KeyId: key.KeyId, Limit: 20 })
  assert.deepEqual([listed.length, count], [50, 3])
})

test("tags are added, replaced, removed and listed in pages", async () => {
  const { KeyId } = await aws.createKey({ Tags: [{ TagKey: "a", TagValue: "1" }] })
  const Tags = [
    { TagKey: "a", TagValue: "2" },
    { TagKey: "b", TagValue: "" },
    { TagKey: "c", TagValue: "3" },
  ]
  await aws.ok("TagResource", { KeyId, Tags })
  assert.deepEqual((await aws.ok("ListResourceTags", { KeyId }))["Tags"], Tags)
  assert.deepEqual(await pages("ListResourceTags", "Tags", { KeyId, Limit: 2 }), [Tags, 2])
  await aws.ok("UntagResource", { KeyId, TagKeys: ["a", "absent"] })
  assert.deepEqual((await aws.ok("ListResourceTags", { KeyId }))["Tags"], Tags.slice(1))
  const many = Array.from({ length: 49 }, (_, at) => ({ TagKey: `t${at}`, TagValue: "" }))
  const fault = await aws.fault("TagResource", { KeyId, Tags: many })
  assert.equal(fault, "TagException: Too many tags")
  await aws.ok("TagResource", { KeyId, Tags: many.slice(1) })
})

test("keys list in pages, each of them once", async () => {
  const made = new Set<string>()
  for (let at = 0; at < 5; at++) made.add((await aws.createKey()).KeyId)
  const [items] = await pages("ListKeys", "Keys", { Limit: 3 })
  const ids = (items as Body[]).map(({ KeyId }) => String(KeyId))
  assert.equal(new Set(ids).size, ids.length)
  for (const id of made) assert.ok(ids.includes(id))
  for (const item of items as Body[]) {
    const arn = `arn:aws:kms:${homeRegion}:${aws.account}:key/${String(item["KeyId"])}`
    assert.equal(item["KeyArn"], arn)
  }
})

test("a marker counts in its own list alone, and limits are bounded", async () => {
  const { NextMarker } = await aws.ok("ListKeys", { Limit: 1 })
  for (const Marker of [NextMarker, "nonsense", "\u00e9"]) {
    const fault = await aws.fault("ListAliases", { Marker })
    assert.match(fault, /^InvalidMarkerException: /)
  }
  assert.match(await aws.fault("ListKeys", { Limit: 0 }), /^ValidationException: .*'0' at 'limit'/)
  assert.match(await aws.fault("ListKeys", { Limit: 1_001 }), /^ValidationException/)
  assert.match(await aws.fault("ListKeys", { Marker: "\u0100" }), /^ValidationException/)
})

test("an unknown operation is said to be one", async () => {
  assert.equal(await aws.fault("MakeCoffee"), "UnknownOperationException")
})
