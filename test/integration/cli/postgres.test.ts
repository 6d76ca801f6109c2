/** Databases from dump to drill to restore, by the command alone: outputs, exit codes, and a password nowhere. */
import { cli, failure, json, lab, unique } from './lab';
import { postgresLab } from '../postgres/lab';

const { directory, file, job: newJob, keyFile } = lab();
const { server } = postgresLab();

interface Listed {
	readonly id: string;
	readonly series: string;
	readonly verifications: readonly { readonly level: string; readonly pass: boolean }[];
}

test('all databases of a server: backed up, listed, drilled, restored', async () => {
	const postgres = await server(17);
	await postgres.create(
		'shop',
		'create table orders (id int); insert into orders select generate_series(1, 12);',
	);
	const at = ['--repository', directory(), '--key-file', keyFile()];
	const job = newJob();
	const { container, password } = postgres;
	const login = ['--container', container];
	const env = { PGPASSWORD: password };

	const backup = ['backup', 'postgres', ...login, '--all', '--job', job, ...at];
	expect(await failure(backup, 7, { PGPASSWORD: 'wrong' })).toMatchObject({ code: 'database_login_failed' });
	const ended = await cli(['backup', 'postgres', ...login, '--all', '--job', job, ...at], env);
	expect(ended).toMatchObject({ code: 0 });
	expect(ended.stdout.toString() + ended.stderr).not.toContain(password);

	const { entries } = await json<{ entries: Listed[] }>(['list', '--job', job, ...at]);
	expect(entries.map(({ series }) => series).sort()).toEqual(
		['globals', 'postgres', 'shop'].map((part) => `${container}:${part}`),
	);
	const shop = entries.find(({ series }) => series.endsWith(':shop'))!;

	const drill = ['drill', 'postgres', '--job', job, '--series', shop.series, ...at];
	const passed = await cli([...drill, '--check', 'select count(*) from orders >= 12']);
	expect(passed).toMatchObject({ code: 0 });
	expect(passed.stdout.toString()).toMatch(
		new RegExp(`^ok {6}${shop.id} {2}drill, ${postgres.image}, 5 checks, `),
	);
	const failed = await json<object>(['drill', 'postgres', shop.id, ...at, '--check', 'select 1 = 2'], 3);
	expect(failed).toMatchObject({
		id: shop.id,
		pass: false,
		level: 'drill',
		evidenceNotKept: null,
		error: { code: 'drill_failed' },
	});
	expect(await json<Listed>(['show', shop.id, ...at])).toMatchObject({
		verifications: [
			{ level: 'drill', pass: false },
			{ level: 'drill', pass: true },
		],
	});
	expect((await cli(['show', shop.id, ...at])).stdout.toString()).toMatch(
		/\nverified +drill failed .*\nfailed check +select 1: 1 instead of = 2\nverified +drill passed /,
	);

	const to = unique('restored');
	const passwordFile = file(`${password}\n`);
	const restore = [
		'restore',
		'postgres',
		shop.id,
		...login,
		'--password-file',
		passwordFile,
		'--to',
		to,
		...at,
	];
	expect(await json<object>([...restore, '--dry-run'])).toMatchObject({ dryRun: true, database: to });
	expect(await json<object>(restore)).toMatchObject({ id: shop.id, database: to, tables: 1 });
	expect(await postgres.sql(to, 'select count(*) from orders')).toBe('12');
	expect(await failure(restore, 7)).toMatchObject({ code: 'target_exists' });
});
