/** The paths of the dialect, one table. */

import { Fault } from "./fault.ts"
import type { Operation } from "./operation.ts"
import { absentRoutes } from "./routes/absent.ts"
import { approvalRoutes } from "./routes/approvals.ts"
import { approverRoutes } from "./routes/approvers.ts"
import { certificateRoutes } from "./routes/certificates.ts"
import { dataObjectRoutes } from "./routes/data-objects.ts"
import { fileRoutes } from "./routes/files.ts"
import { keyRoutes } from "./routes/keys.ts"
import { requestRoutes } from "./routes/requests.ts"
import { seedRoutes } from "./routes/seeds.ts"
import { serviceRoutes } from "./routes/service.ts"
import { timestampRoutes } from "./routes/timestamps.ts"
import { useRoutes } from "./routes/use.ts"
import { wrapRoutes } from "./routes/wrap.ts"

/** By method and path; `{}` stands for one segment, which is percent-decoded. */
export const routes = {
  ...keyRoutes,
  ...seedRoutes,
  ...useRoutes,
  ...wrapRoutes,
  ...certificateRoutes,
  ...dataObjectRoutes,
  ...fileRoutes,
  ...requestRoutes,
  ...approvalRoutes,
  ...approverRoutes,
  ...serviceRoutes,
  ...timestampRoutes,
  ...absentRoutes,
} satisfies Record<string, Operation>

export interface Found {
  /** For metrics: `POST /key`. */
  readonly name: string
  readonly operation: Operation
  readonly parameter: string
}

interface Row {
  readonly name: string
  readonly method: string
  readonly pattern: RegExp
  readonly operation: Operation
}

const rows: readonly Row[] = Object.entries<Operation>(routes).map(([name, operation]) => {
  const [method = "", path = ""] = name.split(" ")
  const pattern = new RegExp(`^${path.replaceAll("{}", "([^/]+)")}$`)
  return { name, method, pattern, operation }
})

/** The route of a request, or the fault that says why there is none. */
export function findRoute(method: string, path: string): Found | Fault {
  const there = rows.filter(({ pattern }) => pattern.test(path))
  const row = there.find((one) => one.method === method)
  if (row === undefined) {
    return there.length === 0
      ? new Fault("unsupported.operation", "there is no such path", 404)
      : new Fault("unsupported.operation", "not by this method", 405)
  }
  const parameter = decode(row.pattern.exec(path)?.[1] ?? "")
  if (parameter === undefined) return new Fault("input.validation.failed", "the path is not UTF-8")
  return { name: row.name, operation: row.operation, parameter }
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
