/** Archives that lie in S3, beside each other and beside live volumes. */
import { fill, json, lab } from '../cli/lab';
import { buckets, s3Environment } from '../s3/buckets';

interface Comparison {
	readonly id: string;
	readonly ok: boolean;
	readonly bytesRead: number;
	readonly differences: readonly { readonly kind: string; readonly path: string }[];
}

const s3 = buckets();
const { job: newJob, keyFile, volume } = lab();
/** Of loopback, where the server listens. */
const network = ['--runner-network', 'host'];
const withoutDocker = { ...s3Environment, DOCKER_HOST: 'unix:///nowhere/docker.sock' };

const told = ({ differences }: Comparison) => differences.map(({ kind, path }) => `${kind} ${path || '.'}`);

test('archive against archive without Docker, archive against a live volume by a runner', async () => {
	const at = ['--repository', `s3://${await s3.create('compare')}/p`, '--key-file', keyFile()];
	const [name, job] = [await volume('s3'), newJob()];
	const backUp = async () => {
		const line = ['backup', 'volume', name, '--job', job, ...network, ...at];
		return (await json<{ records: { id: string }[] }>(line, 0, s3Environment)).records[0]!.id;
	};
	const beside = (line: string[], code: 0 | 3, env: Readonly<Record<string, string>> = withoutDocker) =>
		json<Comparison>(['compare', ...line, ...at], code, env);
	const live = (id: string, code: 0 | 3) =>
		beside([id, '--with-volume', name, ...network], code, s3Environment);

	await fill(name, { 'app/conf': 'first', large: Buffer.alloc(9 << 20, 'x') });
	const [first, again] = [await backUp(), await backUp()];
	expect(await beside([first, '--with', again], 0)).toMatchObject({ ok: true, bytesRead: 0 });
	expect(await live(first, 0)).toMatchObject({ id: first, ok: true });

	await fill(name, { 'app/conf': 'second', 'app/new': 'new' });
	const changes = ['changed app', 'changed app/conf', 'added app/new'];
	expect(told(await live(again, 3))).toEqual(changes);
	const later = await backUp();
	expect(told(await beside([first, '--with', later], 3))).toEqual(changes);
	expect(told(await beside([later, '--with', first], 3))).toEqual([
		...changes.slice(0, 2),
		'removed app/new',
	]);
});
