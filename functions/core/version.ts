/** The version of this package. A test holds it to package.json, whose other fields do not belong in a function's bundle. */
export const version = '0.2.0';
