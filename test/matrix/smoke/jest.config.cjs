'use strict';

module.exports = {
  rootDir: __dirname,
  testMatch: ['**/runner.jest.js'],
  testEnvironment: process.env['MATRIX_ENVIRONMENT'] ?? 'node',
  transform: {
    '\\.m?js$': [
      'babel-jest',
      { presets: [['@babel/preset-env', { targets: { node: 'current' }, modules: 'commonjs' }]] },
    ],
  },
  // Modules of packages too: Jest runs CommonJS.
  transformIgnorePatterns: [],
  moduleFileExtensions: ['js', 'mjs', 'cjs', 'json', 'node'],
  cacheDirectory: `${__dirname}/.jest-cache`,
};
