/** `find sqlite`: which files of a volume are SQLite databases. */
import { listSqliteFiles } from '../../operations/index';
import { dockerFlags, hostOf } from '../flags/docker';
import { placeFlags, requiredPlace } from '../flags/place';
import { noOperands } from '../flags/selection';
import { size } from '../output/figures';
import { table } from '../output/layout';
import { defineVerb } from '../verb';

export const findSqlite = defineVerb({
	name: 'find sqlite',
	operands: '',
	summary: 'List the SQLite databases in a volume',
	details: ['They are told by their headers; links are not followed and other file systems not entered.'],
	flags: [...placeFlags, ...dockerFlags],
	required: [],
	examples: ['docker-backup find sqlite --volume n8n_data'],
	async run({ operands, flags }, shell) {
		noOperands(operands);
		const place = requiredPlace(flags, shell);
		const files = await listSqliteFiles(shell.context, await hostOf(flags, shell), place);
		const columns = [
			{ title: 'path', align: 'left', cell: (file: (typeof files)[number]) => file.path },
			{ title: 'size', align: 'right', cell: (file: (typeof files)[number]) => size(file.size) },
			{ title: 'journal', align: 'left', cell: (file: (typeof files)[number]) => file.journalMode },
		] as const;
		return {
			document: { place, files },
			text: files.length === 0 ? 'no SQLite databases\n' : table(columns, files),
		};
	},
});
