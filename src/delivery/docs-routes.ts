/** /api/v1/openapi.json, /api/docs (Swagger UI from our own disk) and /api/docs/errors. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import express, { Router } from 'express'

const ERRORS_FILE = path.resolve(import.meta.dirname, '../../docs/errors.md')
const SWAGGER_UI_DIR = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reprise API</title>
<link rel="icon" href="/api/docs/favicon-32x32.png">
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>`
const START = `SwaggerUIBundle({ url: '/api/v1/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: false })`

/** `document`: the OpenAPI document as an object. */
export function docsRoutes(document: object): Router {
  const router = Router()
  const text = JSON.stringify(document)
  router.get('/api/v1/openapi.json', (_req, res) => {
    res.set({ 'cache-control': 'no-cache', 'access-control-allow-origin': '*' }).type('json').send(text)
  })
  router.get('/api/docs', (_req, res) => {
    res.set('cache-control', 'no-cache').type('html').send(PAGE)
  })
  router.get('/api/docs/start.js', (_req, res) => {
    res.set('cache-control', 'no-cache').type('js').send(START)
  })
  router.get('/api/docs/errors', async (_req, res) => {
    const text = await readFile(ERRORS_FILE, 'utf8')
    res.set('cache-control', 'no-cache').type('text/plain; charset=utf-8').send(text)
  })
  router.use('/api/docs', express.static(SWAGGER_UI_DIR, { index: false, maxAge: '1h' }))
  return router
}
