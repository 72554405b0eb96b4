import type { Api, ApiCall } from './api.ts'
import type { Answer } from './call.ts'

/** One page of a list, and the cursor of the next one, or null at the end. */
export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

/**
 * A list: `await` gives its first page, `for await` all items of all pages. Nothing is asked before one
 * of them, and each of them asks anew.
 */
export class List<Item> implements PromiseLike<Page<Item>>, AsyncIterable<Item> {
  readonly #api: Api
  readonly #call: ApiCall

  constructor(api: Api, call: ApiCall) {
    this.#api = api
    this.#call = call
  }

  /** The first page with the raw answer: status, headers, request id. */
  withResponse(): Promise<Answer<Page<Item>>> {
    return this.#api(this.#call)
  }

  // biome-ignore lint/suspicious/noThenProperty: a list is awaited like the page it begins with
  then<Kept = Page<Item>, Instead = never>(
    onPage?: ((page: Page<Item>) => Kept | PromiseLike<Kept>) | null,
    onError?: ((error: unknown) => Instead | PromiseLike<Instead>) | null,
  ): Promise<Kept | Instead> {
    return this.withResponse()
      .then((answer) => answer.data)
      .then(onPage, onError)
  }

  catch<Instead = never>(
    onError?: ((error: unknown) => Instead | PromiseLike<Instead>) | null,
  ): Promise<Page<Item> | Instead> {
    return this.then(null, onError)
  }

  finally(onEnd?: (() => void) | null): Promise<Page<Item>> {
    return this.then().finally(onEnd)
  }

  /** Page after page. */
  async *pages(): AsyncGenerator<Page<Item>, void, undefined> {
    let cursor: string | null | undefined
    do {
      const query = cursor ? { ...this.#call.query, cursor } : this.#call.query
      const { data }: Answer<Page<Item>> = await this.#api({ ...this.#call, query })
      yield data
      cursor = data.nextCursor
    } while (cursor)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const { items } of this.pages()) yield* items
  }
}
