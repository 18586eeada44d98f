import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';

const OPEN_API = '/api/v1/openapi.json';
const DOCS = '/api/docs';

interface Asset {
  readonly type: string;
  readonly location: string;
}

/** Files of Swagger UI, from the installed package: the page works without the internet. */
const ASSETS: Readonly<Record<string, Asset>> = {
  'swagger-ui.css': {
    type: 'text/css; charset=utf-8',
    location: import.meta.resolve('swagger-ui-dist/swagger-ui.css'),
  },
  'swagger-ui-bundle.js': {
    type: 'text/javascript; charset=utf-8',
    location: import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
  },
  'favicon-32x32.png': {
    type: 'image/png',
    location: import.meta.resolve('swagger-ui-dist/favicon-32x32.png'),
  },
};

const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Gatehouse API</title>
<link rel="icon" type="image/png" href="${DOCS}/favicon-32x32.png">
<link rel="stylesheet" href="${DOCS}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="${DOCS}/swagger-ui-bundle.js"></script>
<script src="${DOCS}/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: '${OPEN_API}', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;

/** Serves the API's description and a page to browse it; both need no key. */
export function serveDocs(http: FastifyInstance, document: object): void {
  const json = JSON.stringify(document);
  http.get(OPEN_API, (_request, reply) => reply.type('application/json; charset=utf-8').send(json));
  http.get(DOCS, (_request, reply) =>
    reply.header('Content-Security-Policy', POLICY).type('text/html; charset=utf-8').send(PAGE),
  );
  http.get(`${DOCS}/start.js`, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  for (const [file, { type, location }] of Object.entries(ASSETS)) {
    const path = fileURLToPath(location);
    http.get(`${DOCS}/${file}`, (_request, reply) =>
      reply.header('Cache-Control', 'public, max-age=3600').type(type).send(createReadStream(path)),
    );
  }
}
