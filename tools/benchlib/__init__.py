"""Parts of tools/bench: servers, data sets, load generators, profiles and reports."""
