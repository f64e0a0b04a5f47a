"""Error replies that many commands share, as clients see them."""

from .resp import Error

WRONG_TYPE = Error("WRONGTYPE Operation against a key holding the wrong kind of value")
SYNTAX = Error("ERR syntax error")
NOT_INTEGER = Error("ERR value is not an integer or out of range")
NOT_FLOAT = Error("ERR value is not a valid float")
NO_KEY = Error("ERR no such key")
DB_RANGE = Error("ERR DB index is out of range")
SAME_OBJECT = Error("ERR source and destination objects are the same")
TOO_LONG = Error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
OVERFLOW = Error("ERR increment or decrement would overflow")
EXEC_ABORT = Error("EXECABORT Transaction discarded because of previous errors.")


def arity(command):
    return Error("ERR wrong number of arguments for '%s' command" % command)


def expire_time(command):
    return Error("ERR invalid expire time in '%s' command" % command)


def unknown_subcommand(command, subcommand):
    return Error("ERR unknown subcommand '%s'. Try %s HELP." % (subcommand, command))
