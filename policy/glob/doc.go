// Package glob is the glob language of policies: what `pattern` takes, and `path`
// where it holds a wildcard.
//
//   - any run of characters, none included, without /
//     **       any run of characters, / included
//     ?        one character but /
//     [a-z_]   one of these ASCII characters; a class never matches /
//     [^a-z]   one character, neither of these nor /
//     {a,b}    either; branches may be empty and may hold anything, {…} too
//     \        the next character stands for itself
//
// A glob begins with / or **, and it is always about the whole name. Names are
// bytes to Linux and are read here as UTF-8: `?` and `[^a]` take one well-formed
// character, and a byte that is part of none counts as a character of its own. So
// `?` matches "é" and also a lone "\xc3", and `??` matches neither. What can never
// match a name, because names have no // and do not end in /, is refused: a rule
// that silently matches nothing is worse than an error.
//
// The package owns the syntax (Parse), the parts of a glob that a profile needs to
// order and resolve rules (LiteralBytes, LiteralDir, WithDir, Expand), and the
// reference matcher. Package policy parses and decides with it, package automaton
// and the other compilers translate Sequence.
package glob
