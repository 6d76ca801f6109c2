/** A restore's plan as sentences for people, in order. */
import type { PostgresDescription } from '../../protocol/description';
import type { RestorePostgresRequest } from './requests';
import type { RestorePlan } from './restore-plan';

export function stepsOf(
	plan: Omit<RestorePlan, 'warnings' | 'steps'>,
	{ connections, schemas, tables, previous }: RestorePostgresRequest,
	{ properties, settings, tables: recorded }: PostgresDescription,
	id: string,
): string[] {
	const { way, globals } = plan;
	const [into, database] = [quoted(plan.into), quoted(plan.database)];
	const part = [
		...(schemas.length > 0 ? [`schemas ${schemas.map(quoted).join(', ')}`] : []),
		...(tables.length > 0 ? [`tables ${tables.map(quoted).join(', ')}`] : []),
	].join(', ');
	const what = part === '' ? 'all' : part;
	const others =
		connections === 'end'
			? `End the connections of others to ${database}.`
			: `Refuse while others are connected to ${database}.`;
	return [
		`Verify all of ${id}.`,
		...(globals && globals.created.length > 0
			? [`Make the roles that are missing: ${globals.created.map(quoted).join(', ')}.`]
			: []),
		...(way === 'in-place'
			? [
					others,
					`Restore ${what} over ${database}, dropping what is there of the dump's objects, ${plan.singleTransaction ? 'in one transaction: a failure leaves it as it was' : 'not in one transaction: a failure leaves it half restored'}.`,
					`Leave the settings and grants of ${database} as they are.`,
				]
			: [
					`Make database ${into} from template0: ${properties.encoding}, ${properties.localeProvider} ${properties.locale ?? properties.collate}, owned by ${quoted(properties.owner)}.`,
					`Restore ${what} into ${into}; should it fail, drop ${into}.`,
					`Set its ${settings.length} settings, grants and comment.`,
				]),
		`Compare the tables with the ${recorded.length} of the dump.`,
		...(way !== 'swap'
			? []
			: plan.before === null
				? [`Rename ${into} to ${database}, which is not there now.`]
				: [
						others,
						`Rename ${database} to ${quoted(plan.before)} and ${into} to ${database}, both or none.`,
						previous === 'drop'
							? `Drop ${quoted(plan.before)}.`
							: `Keep ${quoted(plan.before)}: drop it when it is not needed any more.`,
					]),
	];
}

const quoted = (name: string): string => JSON.stringify(name);
