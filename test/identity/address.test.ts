import assert from "node:assert/strict"
import test from "node:test"
import { isAdmitted, parseAddress, parseRange, sourceOf } from "../../src/identity/address.ts"

const texts: readonly (readonly [string, string | undefined])[] = [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:c000:201", "192.0.2.1"],
  ["0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
  ["::1", "::1"],
  ["192.0.2", undefined],
  ["192.0.2.256", undefined],
  ["example.org", undefined],
  ["", undefined],
]
for (const [text, expected] of texts) {
  test(`the address "${text}" is read as ${expected}`, () => {
    assert.equal(parseAddress(text)?.text, expected)
  })
}

const admissions: readonly (readonly [string, string, boolean])[] = [
  ["10.0.0.0/8", "10.255.0.1", true],
  ["10.0.0.0/8", "11.0.0.1", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:11.1.2.3", false],
  ["192.0.2.7", "192.0.2.7", true],
  ["192.0.2.7", "192.0.2.6", false],
  ["192.0.2.7/32", "192.0.2.7", true],
  ["2001:db8::/32", "2001:db8:ffff::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:db8::1", "2001:db8:0:0::1", true],
  ["2001:db8::1", "2001:db8::2", false],
  ["0.0.0.0/0", "203.0.113.9", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["::/0", "2001:db8::1", true],
  ["::/0", "203.0.113.9", false],
  ["::/0", "::ffff:203.0.113.9", false],
  ["10.0.0.0/8", "not an address", false],
]
for (const [range, address, admitted] of admissions) {
  test(`the range ${range} ${admitted ? "admits" : "keeps out"} ${address}`, () => {
    assert.equal(isAdmitted([range], parseAddress(address)), admitted)
  })
}

test("any one of several ranges admits, and no range at all admits everyone", () => {
  const ranges = ["10.0.0.0/8", "2001:db8::/32"]
  assert.ok(isAdmitted(ranges, parseAddress("10.1.1.1")))
  assert.ok(isAdmitted(ranges, parseAddress("2001:db8::5")))
  assert.ok(!isAdmitted(ranges, parseAddress("192.0.2.1")))
  assert.ok(isAdmitted([], parseAddress("192.0.2.1")))
  assert.ok(isAdmitted([], undefined))
})

test("a range that is none admits nobody", () => {
  assert.ok(!isAdmitted(["everywhere"], parseAddress("192.0.2.1")))
})

for (const text of [
  "10.0.0.0/33",
  "10.0.0.0/-1",
  "10.0.0.0/08",
  "10.0.0.0/",
  "10.0.0/8",
  "::/129",
  "::ffff:10.0.0.0/8",
  "::ffff:10.0.0.1",
  "fe80::1%eth0/64",
  "10.0.0.0/8 ",
  "/8",
  "",
  "any",
]) {
  test(`"${text}" is no range`, () => assert.equal(parseRange(text), undefined))
}

function source(text: string): string | undefined {
  const address = parseAddress(text)
  return address === undefined ? undefined : sourceOf(address)
}

test("addresses count by themselves in IPv4 and by /64 in IPv6", () => {
  assert.equal(source("192.0.2.1"), "192.0.2.1")
  assert.notEqual(source("192.0.2.1"), source("192.0.2.2"))
  assert.equal(source("::ffff:192.0.2.1"), source("192.0.2.1"))
  assert.equal(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2")
  assert.equal(source("2001:db8:1:2::9"), "2001:db8:1:2")
  assert.notEqual(source("2001:db8:1:3::9"), "2001:db8:1:2")
  assert.equal(source("2001:db8::9"), "2001:db8:0:0")
  assert.equal(source("::1"), "0:0:0:0")
  assert.equal(source("1::"), "1:0:0:0")
  assert.equal(source("::2:3:4:5:6:7"), "0:0:2:3")
})
