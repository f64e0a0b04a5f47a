/*
 * Glob: the patterns of KEYS, SCAN MATCH, PSUBSCRIBE and ACL rules.
 *
 *   *        any bytes, also none         ?      any one byte
 *   [abc]    one of these                 [^abc] none of these
 *   [a-z]    one of a range               \x     x itself, also inside brackets
 *
 * Work is bounded by pattern length times text length and memory is constant, whatever the
 * pattern: matching goes back to the last star only.
 */
#ifndef SHOAL_BASE_GLOB_H
#define SHOAL_BASE_GLOB_H

#include "base/bytes.h"
#include <stdbool.h>

/*
 * Whether the whole text matches. With `nocase` ASCII letters match in either case, except those
 * escaped inside brackets. Corner cases are those of Redis, which clients can see: brackets left
 * open end with the pattern, a range written backwards is turned round, bytes above 127 sort below
 * the others in a range, and an empty text matches the empty pattern alone.
 */
bool glob_match(struct bytes pattern, struct bytes text, bool nocase);

#endif
