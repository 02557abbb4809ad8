/** As much of WebAssembly as daemon/http/llhttp.ts uses: Node has it, @types/node leaves it out. */
declare namespace WebAssembly {
  interface Module {
    readonly [Symbol.toStringTag]: "WebAssembly.Module"
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const Instance: new (module: Module, imports: Readonly<Record<string, object>>) => Instance
  interface Memory {
    readonly buffer: ArrayBuffer
  }
}
