"""case.py - cases and the examples of Markdown files as steps: read, compared with what is printed, brought up to date."""
import difflib
import functools
import re


class Step:
    """One command and what it should print; `prefix` is the indentation of its lines."""

    def __init__(self, line, prefix, command, needs=()):
        self.line, self.prefix, self.needs = line, prefix, needs
        self.command, self.expected = [command], []

    def take(self, body):
        if not self.expected and re.match("> |>$", body):
            self.command.append(body[2:])
        else:
            self.expected.append(body)

    def text(self):
        lines = ["$ " + self.command[0], *("> " + line for line in self.command[1:]), *self.expected]
        if not lines[-1]:
            lines[-1] = " (re)"  # an empty line at the end would be none of what is printed
        return [self.prefix + line if line else "" for line in lines]


def goes_on(lines, number, prefix):
    """Does output go on after an empty line?"""
    following = next(filter(None, lines[number:]), "")
    return prefix and following.startswith(prefix) and not following.startswith(prefix + "$ ")


def parse_case(lines):
    """-> the file as verbatim lines and steps; its needs; its seconds."""
    parts, needs, timeout, step = [], [], 120, None
    for number, line in enumerate(lines, 1):
        if line.startswith("  $ "):
            step = Step(number, "  ", line[4:])
            parts.append(step)
        elif step and (line.startswith("  ") or not line and goes_on(lines, number, "  ")):
            step.take(line[2:])
        else:
            step = None
            parts.append(line)
            if match := re.match(r"# (needs|timeout): (.*)", line):
                needs += match[2].split() if match[1] == "needs" else []
                timeout = int(match[2]) if match[1] == "timeout" else timeout
    return parts, needs, timeout


def parse_markdown(lines):
    """-> the file as verbatim lines and steps; complaints about commands that are neither run nor marked."""
    parts, complaints, needs, step, prefix, fenced = [], [], [], None, None, False
    for number, line in enumerate(lines, 1):
        fence = line.startswith("```")
        fenced ^= fence
        if not fenced and line.strip() and not line.startswith("    "):  # prose, or the fence that ends
            prefix, step, needs = None, None, []
            if match := re.match(r"<!-- needs: (.*) -->", line):
                needs = match[1].split()
        elif fence or prefix is None and line.strip():
            prefix, step = "" if fenced else "    ", None
        body = line[len(prefix):] if prefix is not None and not fence else None
        step = step if line or fenced or goes_on(lines, number, prefix) else None
        if body is not None and body.startswith("$ "):
            step = Step(number, prefix, body[2:], tuple(needs))
            parts.append(step)
        elif step and body is not None:
            step.take(body)
        else:
            parts.append(line)
            if body and body.startswith("inpaintlab ") and not needs:
                complaints.append(f"line {number}: neither run ('$ ') nor marked (<!-- needs: ... -->): {body}")
    return parts, complaints


# ---- comparing ----
@functools.lru_cache(None)
def glob(pattern):
    special = {"*": ".*", "?": "."}
    return re.compile("".join(re.escape(part[1:]) if part[1:] else special.get(part, re.escape(part))
                              for part in re.findall(r"\\.|.", pattern)))


def fits(pattern, line):
    return (pattern == line or pattern.endswith(" (glob)") and glob(pattern[:-7]).fullmatch(line) is not None
            or pattern.endswith(" (re)") and re.fullmatch(pattern[:-5], line) is not None)


def carry(pattern, line):
    """A new line in place of one with a glob: words of the pattern stay where they fit."""
    old, new = pattern[:-7].split(" "), line.split(" ")

    @functools.lru_cache(None)
    def best(i, j):  # price and words for what is left
        def choice(price, words, i, j):
            return best(i, j)[0] + price, words + best(i, j)[1]
        if j == len(new):
            return len(old) - i, []
        plain = [re.sub(r"[\\*?]", r"\\\g<0>", new[j])]
        if i == len(old):
            return choice(1, plain, i, j + 1)
        choices = [choice(1, [], i + 1, j), choice(1, plain, i, j + 1), choice(1.5, plain, i + 1, j + 1)]
        for k in range(j + 1, len(new) + 1 if "*" in old[i] else j + 2):
            if glob(old[i]).fullmatch(" ".join(new[j:k])):
                choices.append(choice(0.8 * (k - j) if old[i] == "*" else 0.3 * (k - j - 1), [old[i]], i + 1, k))
        return min(choices)
    words = " ".join(best(0, 0)[1])
    return words + " (glob)" if glob(words).pattern != re.escape(line) else line


def near(old, line):
    """The line, with the pattern of the one among the old ones that resembles it."""
    resembling = difflib.get_close_matches(line, [pattern for pattern in old if pattern.endswith(" (glob)")], 1, 0.5)
    return carry(resembling[0], line) if resembling else line


def merge(expected, printed, carried):
    """What the file should say: the expected lines that fit, what was printed in place of the others."""
    rows, columns = len(expected), len(printed)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]  # how many lines fit from here on
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], (best[i + 1][j + 1] + 1) * fits(expected[i], printed[j]))
    i = j = 0
    result, old, new = [], [], []
    while i < rows or j < columns:
        fit = i < rows and j < columns and fits(expected[i], printed[j]) and best[i][j] == best[i + 1][j + 1] + 1
        if not fit and (i == rows or j < columns and best[i][j] == best[i][j + 1]):
            new.append(printed[j])
            j += 1
        elif not fit:
            old.append(expected[i])
            i += 1
        if fit or i == rows and j == columns:
            result += [near(old, line) if carried else line for line in new]
            old, new = [], []
        if fit:
            result.append(expected[i])
            i, j = i + 1, j + 1
    return result


def judge(step, printed, docs):
    """-> what the file should say in place of step.expected; what differs, "" if nothing does."""
    wanted = merge(step.expected, printed, False)
    if docs:
        status = [line for line in printed[-1:] if re.fullmatch(r"\[\d+\]", line)]
        if not step.expected:
            return [], "\n".join(printed) if status else ""
        if status and step.expected[-1] != status[0]:
            printed = printed[:-1]  # a reader sees no exit status
        pattern = "".join(r"(.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
                          for line in step.expected)
        wanted = step.expected if re.fullmatch(pattern, "".join(line + "\n" for line in printed)) else printed
    if wanted == step.expected:
        return wanted, ""
    lines = difflib.unified_diff(step.expected, wanted, "expected", "printed", lineterm="", n=2)
    return wanted if docs else merge(step.expected, printed, True), "\n".join(lines)
