/** The second ceiling: nginx over TLS with a static answer, in C. Undefined where it is missing. */

import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"

import { cores, pinned, stop } from "./processes.ts"

export interface Nginx {
  readonly url: string
  readonly pid: number
  close(): Promise<void>
}

/** As long as an answer of ours. */
const answer = JSON.stringify({ keyId: "0".repeat(26), ciphertext: "A".repeat(180) })

export async function startNginx(files: {
  readonly certificate: string
  readonly certificateKey: string
}): Promise<Nginx | undefined> {
  if (spawnSync("nginx", ["-v"]).error !== undefined) return undefined
  const folder = mkdtempSync(join(tmpdir(), "keyhold-nginx-"))
  const port = await freePort()
  const file = join(folder, "nginx.conf")
  writeFileSync(file, configuration(folder, port, files))
  const child: ChildProcess = spawn(...pinned(cores.server, ["nginx", "-c", file]), {
    stdio: ["ignore", "ignore", "inherit"],
  })
  await pause(500) // It has no line that says that it is ready.
  return {
    url: `https://localhost:${port}`,
    pid: child.pid ?? 0,
    async close() {
      await stop(child)
      rmSync(folder, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  // Listening on TCP: the address has this form.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

function configuration(
  folder: string,
  port: number,
  { certificate, certificateKey }: { certificate: string; certificateKey: string },
): string {
  return `
daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr error;
events { worker_connections 256; }
http {
  access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u;
  scgi_temp_path ${folder}/s;
  server {
    listen 127.0.0.1:${port} ssl; ssl_protocols TLSv1.3;
    ssl_certificate ${certificate}; ssl_certificate_key ${certificateKey};
    location / { default_type application/json; return 200 '${answer}'; }
  }
}
`
}
