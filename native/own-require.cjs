'use strict';

// The same where modules are turned into CommonJS one by one (Jest): `import.meta` would be a syntax error there.
const { createRequire } = require('node:module');

exports.ownRequire = createRequire(__filename);
