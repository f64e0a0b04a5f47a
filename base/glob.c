/*
 * Glob: one pass over text and pattern with one place to go back to. See the header.
 *
 * When a mismatch comes after two stars, nothing is gained by giving the first one more text:
 * the second star could have taken that text itself. So only the last star is remembered.
 */
#include "base/glob.h"

#include <stddef.h>

/* The part of a pattern not yet matched. */
struct cursor {
    const char *at;
    const char *end;
};

static char fold(char c, bool nocase)
{
    return nocase ? bytes_lower(c) : c;
}

static bool in_range(char from, char to, char c, bool nocase)
{
    signed char low = (signed char)from, high = (signed char)to;

    if (low > high) {
        signed char swap = low;

        low = high;
        high = swap;
    }
    low = (signed char)fold((char)low, nocase);
    high = (signed char)fold((char)high, nocase);
    c = fold(c, nocase);
    return (signed char)c >= low && (signed char)c <= high;
}

/* Matches one byte against brackets; the cursor is after '[' and moves past ']'. */
static bool match_brackets(struct cursor *pattern, char c, bool nocase)
{
    const char *p = pattern->at, *end = pattern->end;
    bool negated = p < end && *p == '^';
    bool found = false;

    p += negated;
    while (p < end && *p != ']') {
        if (*p == '\\' && end - p >= 2) {
            found |= p[1] == c;
            p += 2;
        } else if (end - p >= 3 && p[1] == '-') {
            found |= in_range(p[0], p[2], c, nocase);
            p += 3;
        } else {
            found |= fold(*p, nocase) == fold(c, nocase);
            p++;
        }
    }
    pattern->at = p < end ? p + 1 : end;
    return found != negated;
}

/* Matches one byte against the next element of the pattern, which is no star, and steps over it. */
static bool match_one(struct cursor *pattern, char c, bool nocase)
{
    char element;

    if (pattern->at == pattern->end) return false;
    element = *pattern->at++;
    if (element == '?') return true;
    if (element == '[') return match_brackets(pattern, c, nocase);
    if (element == '\\' && pattern->at < pattern->end) element = *pattern->at++;
    return fold(element, nocase) == fold(c, nocase);
}

bool glob_match(struct bytes pattern, struct bytes text, bool nocase)
{
    struct cursor cursor = {pattern.data, pattern.data + pattern.len};
    const char *after_star = NULL; /* pattern after the last star seen */
    size_t star_end = 0; /* text up to here belongs to what came before and to that star */
    size_t i = 0;

    if (text.len == 0) return pattern.len == 0;
    while (i < text.len) {
        if (cursor.at < cursor.end && *cursor.at == '*') {
            after_star = ++cursor.at;
            star_end = i;
            if (cursor.at == cursor.end) return true;
        } else if (match_one(&cursor, text.data[i], nocase)) {
            i++;
        } else if (after_star) {
            cursor.at = after_star;
            i = ++star_end;
        } else {
            return false;
        }
    }
    while (cursor.at < cursor.end && *cursor.at == '*')
        cursor.at++;
    return cursor.at == cursor.end;
}
