/** The name in a client's certificate counts where an authority of ours vouches for it alone. */

import assert from "node:assert/strict"
import { request as ask } from "node:https"
import { after, before, test } from "node:test"

import { listen, type Listener } from "../../../src/daemon/http/server.ts"
import { problem } from "../../../src/faces/rest/face.ts"
import { selfSigned, type Identity } from "./certificate.ts"

let server: Identity
let client: Identity
let impostor: Identity
const open: Listener[] = []

before(async () => {
  server = await selfSigned("localhost")
  client = await selfSigned("client")
  impostor = await selfSigned("client")
})
after(async () => {
  await Promise.all(open.map((one) => one.close({ drainMs: 0 })))
})

async function started(clientCa?: string | Buffer): Promise<Listener> {
  const listener = await listen(
    {
      dialects: [
        {
          owns: () => true,
          answer: ({ peer: { clientName = "nobody", certificate } }) => ({
            status: 200,
            headers: {},
            body: `${clientName} ${certificate === undefined ? "without" : "with"}`,
          }),
          refuse: problem,
        },
      ],
      newRequestId: () => "request",
      monotonicMs: () => performance.now(),
      onDone: () => {},
      onBroken: assert.ifError,
    },
    {
      host: "127.0.0.1",
      port: 0,
      tls: server,
      clientCertificates: true,
      ...(clientCa === undefined ? {} : { clientCa }),
    },
  )
  open.push(listener)
  return listener
}

function whoIs({ port }: Listener, identity?: Identity): Promise<string> {
  return new Promise((resolve, reject) => {
    const { key, cert } = identity ?? {}
    const options = { host: "127.0.0.1", port, ca: server.cert, servername: "localhost" }
    ask({ ...options, agent: false, key, cert }, (response) => {
      response.setEncoding("utf8")
      response.on("data", resolve)
      response.on("error", reject)
    })
      .on("error", reject)
      .end()
  })
}

test("an authority's client has his name, an impostor of that name is nobody", async () => {
  const listener = await started(client.cert)
  assert.equal(await whoIs(listener, client), "client with")
  assert.equal(await whoIs(listener, impostor), "nobody without")
  assert.equal(await whoIs(listener), "nobody without")
})

test("without authorities anybody can call himself anything, and is nobody", async () => {
  const listener = await started()
  assert.equal(await whoIs(listener, client), "nobody with")
})
