"""No mutable globals: everything hangs off a node and is passed on."""

import re
import subprocess

import tree

# What the compiler's start-up code and its CPU detection put into every program.
NOT_OURS = {"completed.0", "__dso_handle", "__TMC_END__", "__cpu_model", "__cpu_features2",
            "_edata", "_end", "__bss_start", "data_start", "__data_start", "__data_end"}

# A definition at file scope that neither is constant nor a prototype nor a type.
STATIC = re.compile(r"^(?:static\s+|_Thread_local\s+|__thread\s+)+(?!inline|_Static_assert)"
                    r"(?P<rest>[^(;{=]*?)(?P<name>\w+)\s*(?:\[[^\]]*\]\s*)*(?:=|;)", re.M)


def mutable_symbols(table):
    """The names in a symbol table (objdump -t) that lie in memory the program can write."""
    found = []
    for line in table.splitlines():
        match = re.match(r"[0-9a-f]+ .{7} (\S+)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
        if not match:
            continue
        section, name = match.groups()
        ours = name not in NOT_OURS and not name.startswith(".") and "@" not in name
        if ours and re.fullmatch(r"\.(data|bss|tdata|tbss)(\.(?!rel\.ro).*)?", section):
            found.append(name)
    return found


def test_the_server_has_no_mutable_globals():
    program = tree.BUILD / "shoal-server"
    assert program.exists(), "build first: meson setup build, ninja -C build"
    table = subprocess.run(["objdump", "-t", str(program)], capture_output=True, text=True,
                           check=True).stdout
    assert "session_hooks" in table, "a program without symbols tells nothing"
    assert mutable_symbols(table) == []


def test_a_mutable_global_in_a_program_is_noticed(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int counter; static int calls; _Thread_local int mine;\n"
                      "const int fixed = 1; int used[4] = {1};\n"
                      "static const char *const names[] = {\"a\"};\n"
                      "int main(int n, char **v)\n"
                      "{ return ++counter + calls++ + mine++ + used[n] + fixed + *names[n]; }\n")
    program = tmp_path / "a"
    subprocess.run(["gcc", "-O0", "-o", str(program), str(source)], check=True)
    table = subprocess.run(["objdump", "-t", str(program)], capture_output=True, text=True,
                           check=True).stdout
    assert set(mutable_symbols(table)) == {"counter", "calls", "mine", "used"}


def suspicious(source):
    """Names defined at file scope, static and without const."""
    return [match.group("name") for match in STATIC.finditer(source)
            if not re.search(r"\bconst\b", match.group("rest"))]


def test_no_source_defines_a_static_that_is_not_constant():
    wrong = ["%s: %s" % (name, found) for name in tree.code(".c", ".h")
             for found in suspicious(tree.text(name))]
    assert not wrong, "\n".join(wrong)


def test_a_static_that_is_not_constant_is_noticed():
    assert suspicious("static int calls;\nstatic const int a = 1;\nstatic int f(void);\n"
                      "static char *names[] = {\n") == ["calls", "names"]
