import assert from "node:assert/strict"
import test from "node:test"

import { CodecError } from "../../src/codec/error.ts"
import {
  parseAmzDate,
  parseSignatureClaim,
  stringToSign,
  type SignedRequest,
} from "../../src/codec/sigv4.ts"

const signature = "0123456789abcdef".repeat(4)
const good =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE23456/20150830/us-east-1/iam/aws4_request, " +
  `SignedHeaders=content-type;host;x-amz-date, Signature=${signature}`

test("an authorization reads back as its parts, with and without spaces after commas", () => {
  for (const text of [good, good.replaceAll(", ", ",")]) {
    assert.deepEqual(parseSignatureClaim(text), {
      accessKeyId: "AKIDEXAMPLE23456",
      date: "20150830",
      region: "us-east-1",
      service: "iam",
      signedHeaders: ["content-type", "host", "x-amz-date"],
      signature: Uint8Array.fromHex(signature),
    })
  }
})

const refused: readonly (readonly [string, string])[] = [
  ["of another scheme", good.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")],
  ["without a comma", good.replace(", Signed", " Signed")],
  ["whose scope ends otherwise", good.replace("aws4_request", "aws5_request")],
  ["without a region", good.replace("us-east-1/", "")],
  ["whose headers are not sorted", good.replace("content-type;host", "host;content-type")],
  ["that names a header twice", good.replace("content-type;host", "host;host")],
  ["that names no header", good.replace("content-type;host;x-amz-date", "")],
  ["with upper-case headers", good.replace("host", "Host")],
  ["with a short signature", good.slice(0, -1)],
  ["with an upper-case signature", good.replace("abcdef", "ABCDEF")],
  ["with something behind it", `${good} `],
  ["of an access key with a slash", good.replace("AKIDEXAMPLE23456", "AKID/EXAMPLE23456")],
]
for (const [what, text] of refused) {
  test(`an authorization ${what} does not parse`, () => {
    assert.throws(() => parseSignatureClaim(text), CodecError)
  })
}

test("a date reads as the milliseconds that it names", () => {
  assert.equal(parseAmzDate("20150830T123600Z"), Date.UTC(2015, 7, 30, 12, 36))
  assert.equal(parseAmzDate("20240229T000000Z"), Date.UTC(2024, 1, 29))
})

for (const text of [
  "",
  "20150830",
  "20150830T123600",
  "2015-08-30T12:36:00Z",
  "20150230T000000Z",
  "20150830T246000Z",
  "20150830T123600Z ",
  "Sun, 30 Aug 2015 12:36:00 GMT",
]) {
  test(`the date ${JSON.stringify(text)} does not parse`, () => {
    assert.throws(() => parseAmzDate(text), CodecError)
  })
}

/** The example of AWS's documentation of Signature Version 4: GET of iam ListUsers. */
test("the string to sign is that of AWS's own example", () => {
  const headers: Readonly<Record<string, string>> = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    host: "iam.amazonaws.com",
    "x-amz-date": "20150830T123600Z",
  }
  const request: SignedRequest = {
    method: "GET",
    path: "/",
    query: "Action=ListUsers&Version=2010-05-08",
    header: (name) => headers[name],
    body: new Uint8Array(0),
  }
  assert.equal(
    stringToSign(request, parseSignatureClaim(good), "20150830T123600Z"),
    "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n" +
      "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59",
  )
})

test("a signed header that is not there is refused", () => {
  const request = { method: "GET", path: "/", query: "", header: () => undefined }
  const claim = parseSignatureClaim(good)
  const body = new Uint8Array(0)
  assert.throws(() => stringToSign({ ...request, body }, claim, "20150830T123600Z"), CodecError)
})
