/** The package in a real n8n, against a real Docker Engine. One n8n serves all suites; they run in this order. */
import { startLab } from './lab/lab';
import { canvasSuite } from './suites/canvas';
import { containerSuite } from './suites/containers';
import { databaseSuite } from './suites/databases';
import { editorSuite } from './suites/editor';
import { failureSuite } from './suites/failures';
import { interruptionSuite } from './suites/interruptions';
import { quiesceSuite } from './suites/quiesce';
import { resourcesSuite } from './suites/resources';
import { restoreSuite } from './suites/restores';
import { s3Suite } from './suites/s3';
import { secretSuite } from './suites/secrets';
import { tcpSuite } from './suites/tcp';
import { templateSuite } from './suites/template';

const lab = startLab();

templateSuite(lab);
failureSuite(lab);
editorSuite(lab);
tcpSuite(lab);
restoreSuite(lab);
resourcesSuite(lab);
quiesceSuite(lab);
containerSuite(lab);
databaseSuite(lab);
s3Suite(lab);
canvasSuite(lab);
interruptionSuite(lab);
// Last: it looks at everything that n8n has kept of all the others.
secretSuite(lab);
