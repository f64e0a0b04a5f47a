/* Stream arguments: ids, ranges of ids, and what XADD and XTRIM share. */
#ifndef SHOAL_ENGINE_COMMANDS_STREAMS_ARGS_H
#define SHOAL_ENGINE_COMMANDS_STREAMS_ARGS_H

#include "engine/commands/op.h"
#include "engine/types/stream.h"

/* Reads "ms-seq" or "ms", the sequence being 0 then. False, without a reply: it is neither. */
bool streams_args_parse_id(struct bytes text, struct stream_id *id);

/* The same for argv[i]; an error is replied and false returned if it is no id. */
bool streams_args_id(struct op *op, int i, struct stream_id *id);

/* The same, where "-" and "+" stand for the lowest and the highest id. */
bool streams_args_any_id(struct op *op, int i, struct stream_id *id);

/* The low end (argv[i]) or high end of a range: an id, "(" and an id that is not in it, "-" or
 * "+"; a missing sequence is the lowest or the highest. An error is replied otherwise. */
bool streams_args_low(struct op *op, int i, struct stream_id *id);
bool streams_args_high(struct op *op, int i, struct stream_id *id);

/* Reads "COUNT n" behind a range, from argv[i] on: *count, -1 if it is not there, negative
 * numbers as 0. An error is replied for anything else. */
bool streams_args_count(struct op *op, int i, int64_t *count);

/* What comes before the fields of XADD, and after the key of XTRIM. */
struct streams_args_add {
    bool no_make;                /* NOMKSTREAM */
    bool trims;                  /* MAXLEN or MINID */
    struct stream_trim trim;
    bool id_given, seq_given;    /* else "*", or "ms-*" */
    struct stream_id id;
};

/* Reads the options from argv[2] on: the index of the first argument behind them, which for
 * `add` (XADD) is the id's. 0: an error was replied. */
int streams_args_options(struct op *op, bool add, struct streams_args_add *args);

#endif
