import type { Api } from './api.ts'
import { type ApiPromise, toApiPromise } from './api-promise.ts'
import { brandOf, mintSecret } from './mint.ts'
import type { RequestOptions } from './options.ts'
import type { CreateKey, Key, RotateKey } from './types.gen.ts'

/** A key and its secret, which nobody can show a second time. */
export interface KeyWithSecret {
  key: Key
  secret: string
}

export interface Minting {
  /**
   * Who makes the secret. `server` (default): its answer shows it. `client`: it is made in this process
   * and only its SHA-256 is sent, so that it never travels and a lost answer is repeated safely. Needs a
   * token that may read keys for a rotation, and `crypto.subtle`.
   */
  mint?: 'server' | 'client'
}

type Registration = 'id' | 'secretSha256'
/** A key to create, with a secret made by the service or, with `mint: 'client'`, here. */
export type NewKey = Omit<CreateKey, Registration> & Minting
/** A rotation whose secret is made by the service or, with `mint: 'client'`, here. */
export type NewSecret = Omit<RotateKey, Registration> & Minting
/** A key whose secret you made yourself in the native format: `id` and `secretSha256` are of it. */
export type RegisteredKey = CreateKey & Required<Pick<CreateKey, Registration>>
/** A rotation to a secret that you made yourself: `secretSha256` is of it. */
export type RegisteredSecret = RotateKey & Required<Pick<RotateKey, 'secretSha256'>>

export interface CreateMethod {
  (body: RegisteredKey, options?: RequestOptions): ApiPromise<{ key: Key }>
  (body: NewKey, options?: RequestOptions): ApiPromise<KeyWithSecret>
}

export interface RotateMethod {
  (id: string, body: RegisteredSecret, options?: RequestOptions): ApiPromise<{ key: Key }>
  (id: string, body?: NewSecret, options?: RequestOptions): ApiPromise<KeyWithSecret>
}

export function createMethod(api: Api, project: string | undefined): CreateMethod {
  const send = <Data>(body: object, options?: RequestOptions) =>
    api<Data>({ method: 'POST', route: '/v1/keys', body, options })

  const createHere = async (body: CreateKey, options?: RequestOptions) => {
    const brand = await brandOf(api, body.project, options)
    const environment = body.environment ?? 'live'
    const { secret, registration } = await mintSecret({ brand, environment })
    const answer = await send<{ key: Key }>({ ...body, ...registration }, options)
    return { ...answer, data: { ...answer.data, secret } }
  }

  return ({ mint, ...given }: NewKey | (RegisteredKey & Minting), options?: RequestOptions) => {
    const chosen = given.project ?? project
    const body = chosen === undefined ? given : { ...given, project: chosen }
    const isMintedHere = mint === 'client'
    return toApiPromise(
      isMintedHere ? createHere(body, options) : send<KeyWithSecret>(body, options),
    )
  }
}

export function rotateMethod(api: Api): RotateMethod {
  const send = <Data>(id: string, body: object, options?: RequestOptions) =>
    api<Data>({ method: 'POST', route: '/v1/keys/{id}/rotate', id, body, options })

  const rotateHere = async (id: string, body: RotateKey, options?: RequestOptions) => {
    const { data: key } = await api<Key>({ method: 'GET', route: '/v1/keys/{id}', id, options })
    const { project, environment } = key
    const brand = await brandOf(api, project, options)
    const { secret, registration } = await mintSecret({ brand, environment, id: key.id })
    const answer = await send<{ key: Key }>(id, { ...body, ...registration }, options)
    return { ...answer, data: { ...answer.data, secret } }
  }

  return (
    id: string,
    { mint, ...body }: NewSecret | (RegisteredSecret & Minting) = {},
    options?: RequestOptions,
  ) => {
    const isMintedHere = mint === 'client'
    return toApiPromise(
      isMintedHere ? rotateHere(id, body, options) : send<KeyWithSecret>(id, body, options),
    )
  }
}
