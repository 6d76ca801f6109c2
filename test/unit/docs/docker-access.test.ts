/** docs/DOCKER-ACCESS.md shows what docs/docker-access.json says: `UPDATE_GOLDEN=1 npx jest …` writes it anew. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { page, tables } from '../../integration/hosts/access';

const [begin, end] = ['<!-- tables of docker-access.json -->', '<!-- end of the tables -->'];
const cells = (table: string): string[] =>
	table
		.split('\n')
		.map((line) => line.replace(/ +/g, ' ').replace(/-{3,}/g, '---').trim())
		.filter((line) => line !== '');

test('the page has the tables of the data', () => {
	const [before = '', rest = ''] = page.split(begin);
	const [shown = '', after = ''] = rest.split(end);
	if (process.env['UPDATE_GOLDEN'] === '1') {
		const text = `${before}${begin}\n\n${tables()}\n\n${end}${after}`;
		writeFileSync(join(__dirname, '../../../docs/DOCKER-ACCESS.md'), text);
		return;
	}
	expect(cells(shown)).toEqual(cells(tables()));
});
