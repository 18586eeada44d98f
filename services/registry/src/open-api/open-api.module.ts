import 'reflect-metadata';
import { Module, type INestApplication, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { documentedPath } from '../api/custom-verb.ts';
import { documented } from './documented.ts';
import { jsonSchemaOf } from './json-schema.ts';

/** The API as OpenAPI 3.1, read off the controllers and their schemas. */
export function openApiDocument(app: INestApplication, controllers: readonly Type[]): OpenAPIObject {
  controllers.forEach(noteParameterTypes);
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Gatehouse')
    .setDescription(
      'Gateways, products, devices and what they say. Errors are problem details (RFC 9457); lists page by ' +
        'key; writes take an Idempotency-Key.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'API key',
      description: 'An API key: `gh_` and 43 characters. POST /api/v1/api-keys makes one.',
    })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    standardSchemaConverter: (schema, { schemaType }) => {
      const converted = jsonSchemaOf(schema, schemaType);
      return converted === undefined ? undefined : { schema: converted };
    },
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '').replace(/^./, (first) => first.toLowerCase())}.${method}`,
  });
  const paths = Object.entries(document.paths).map(([path, item]) => [documentedPath(path), item]);
  return documented({ ...document, paths: Object.fromEntries(paths) as OpenAPIObject['paths'] });
}

@Module({})
class DescribedModule {}

/** The document without a running service: what the controllers depend on is left empty. */
export async function openApiOf(controllers: readonly Type[]): Promise<OpenAPIObject> {
  const described = {
    module: DescribedModule,
    controllers: [...controllers],
    providers: [...new Set(controllers.flatMap(dependenciesOf))].map((token) => ({
      provide: token,
      useValue: {},
    })),
  };
  const app = await NestFactory.create(described, new FastifyAdapter(), {
    logger: false,
    abortOnError: false,
  });
  return openApiDocument(app, controllers);
}

/** What `@Inject` notes on a class. */
function dependenciesOf(controller: Type): Type[] {
  const noted: unknown = Reflect.getMetadata('self:paramtypes', controller);
  return Array.isArray(noted) ? noted.map(({ param }: { readonly param: Type }) => param) : [];
}

/**
 * The scanner looks at parameters only where the compiler has left their types, which ours does not. Their
 * schemas say all; what has none is text of the path.
 */
function noteParameterTypes(controller: Type): void {
  const prototype: object = controller.prototype;
  for (const method of Object.getOwnPropertyNames(prototype)) {
    const parameters: unknown = Reflect.getMetadata('__routeArguments__', controller, method);
    if (typeof parameters !== 'object' || parameters === null) continue;
    const types = Object.keys(parameters).map(() => String);
    Reflect.defineMetadata('design:paramtypes', types, prototype, method);
  }
}
