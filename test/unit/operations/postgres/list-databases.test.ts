import { isPostgresImage } from '../../../../operations/postgres/list-databases';

test.each([
	['postgres:17', true],
	['registry.local:5000/library/postgres', true],
	['bitnami/postgresql@sha256:0', true],
	['timescale/timescaledb-ha:pg17', true],
	['postgis/postgis:17-3.5', true],
	['postgrest/postgrest', false],
	['prometheuscommunity/postgres-exporter', false],
	['dpage/pgadmin4', false],
	['registry.postgres.local/app', undefined],
	['sha256:0123', undefined],
	['n8nio/n8n', undefined],
])('%s: %s', (image, postgres) => expect(isPostgresImage(image)).toBe(postgres));
