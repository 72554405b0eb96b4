import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { EXIT, StartRefused } from './exit.ts'

/** The longest path of a Unix domain socket (sun_path, with its final NUL) on Linux and macOS. */
const MAX_PATH_BYTES = 103

/**
 * The door for commands on this machine: the same routes on a Unix domain socket in the data folder.
 * Who may open it is the user that owns the folder, so its requests need no token.
 */
export class ControlSocket {
  readonly #path: string
  readonly #sockets = new WeakSet<Socket>()
  #server: Server | null = null

  constructor(path: string) {
    this.#path = path
  }

  /** Did this connection come through the control socket? */
  owns(socket: Socket): boolean {
    return this.#sockets.has(socket)
  }

  /** Listens. The caller holds the lock of the folder, so a file that is there is a dead one. */
  async open(app: FastifyInstance): Promise<void> {
    if (Buffer.byteLength(this.#path) > MAX_PATH_BYTES) {
      throw new StartRefused(
        EXIT.settings,
        `The path ${this.#path} is too long for a socket (${MAX_PATH_BYTES} bytes). Set KEYSMITH_DATA_DIR to a shorter path.`,
      )
    }
    rmSync(this.#path, { force: true })
    const server = createServer((request, response) => app.routing(request, response))
    server.on('connection', (socket: Socket) => this.#sockets.add(socket))
    await listen(server, this.#path)
    chmodSync(this.#path, 0o600)
    this.#server = server
  }

  async close(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = null
    server.closeIdleConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

/** The file is private from its first moment on: the umask of the command is 077. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
