import helmet from '@fastify/helmet'
import { Type } from 'typebox'
import { openApiDocument } from '../plugins/openapi.ts'
import { renderApiPage } from './api-page.ts'
import type { App } from './route.ts'

/** `/openapi.json` for programs and `/docs` for people: one page without a script. */
export async function apiDocsRoutes(app: App): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
  })
  let document: ReturnType<typeof openApiDocument> | undefined
  const describe = () => {
    document ??= openApiDocument(app)
    return document
  }
  const hidden = { hide: true, response: { 200: Type.Any() } }
  const config = { access: 'public' } as const
  app.get('/openapi.json', { config, schema: hidden }, async () => describe())
  app.get('/docs', { config, schema: hidden }, async (_request, reply) => {
    reply.type('text/html; charset=utf-8')
    return renderApiPage(describe())
  })
  app.get('/docs.css', { config, schema: hidden }, async (_request, reply) => {
    reply.type('text/css; charset=utf-8')
    return API_PAGE_CSS
  })
}

const API_PAGE_CSS = `:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#f6f8fa, #161b22); --accent: light-dark(#0b57d0, #8ab4f8) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 0 auto; padding: 2rem 1rem 6rem }
h1 { margin-bottom: 0 } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line) }
h3 { font-size: 1rem; margin: 2rem 0 .25rem; overflow-wrap: anywhere }
code { font: .875em ui-monospace, monospace } a { color: var(--accent) }
nav { columns: 2; margin: 1rem 0 } nav a { display: block }
table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .5rem 0 }
td, th { border-bottom: 1px solid var(--line); padding: .3rem .5rem; text-align: left; vertical-align: top }
.method { display: inline-block; min-width: 4.2rem; padding: 0 .4rem; border-radius: 4px; background: var(--soft); border: 1px solid var(--line); text-align: center }
summary { cursor: pointer; color: var(--accent) }
@media (max-width: 40rem) { nav { columns: 1 } table { display: block; overflow-x: auto } }
`
