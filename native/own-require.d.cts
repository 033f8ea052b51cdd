export declare const ownRequire: NodeJS.Require;
