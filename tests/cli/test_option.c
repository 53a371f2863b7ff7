/* test_option.c - the parser of options with a table of its own. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include "cli/option.h"

enum shape { ROUND, FLAT, ODD };

struct options {
    bool loud, quiet;
    int size;
    double part;
    enum shape shape;
    const char *output, *colour;
    il_texts set;
    int twice; /* what --double reads */
};

static int read_double(void *options, const char *text, il_err *e)
{
    struct options *o = options;
    if (!*text)
        return il_fail(e, IL_EUSAGE, "--double: expected something");
    o->twice = 2 * atoi(text);
    return IL_OK;
}

#define INTO(member) IL_INTO(struct options, member)

static const il_option table[] = {
    { "--loud", "say all", INTO(loud) },
    { "-q, --quiet", "say nothing", INTO(quiet) },
    { "-s, --size N", "a side", INTO(size), .least = -2, .most = 4194304 },
    { "--part P", "a share", INTO(part), .most = 1 },
    { "--shape SHAPE", "round, flat or odd", INTO(shape), .choices = "round|flat|odd" },
    { "-o, --output FILE", "write there", INTO(output) },
    { "--colour COLOUR",
      "red or green; this line is long enough that it has to be broken once, between two of its words, "
      "so that nothing stands behind column 120, and the rest begins below the first word of the line above",
      INTO(colour), .choices = "red|green" },
    { "--set KEY=VALUE", "may be repeated", INTO(set) },
    { "--double N", "odd", .read = read_double },
    { 0 },
};

enum { MOST_WORDS = 80 };
static char *words[MOST_WORDS + 1];
static int count, at;
static struct options got;
static il_err e;

/* The command line "try LINE", divided at spaces; ~ stands for an empty word. */
static int read_line(const char *line)
{
    static char copy[2000];
    snprintf(copy, sizeof copy, "try %s", line);
    count = 0;
    for (char *rest = NULL, *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        words[count++] = strcmp(w, "~") == 0 ? w + 1 : w;
    words[count] = NULL;
    got = (struct options){ .size = 7 };
    at = -1;
    return il_option_read(&got, &at, table, "try", count, words, &e);
}

static void good(const char *line)
{
    cr_assert_eq(read_line(line), IL_OK, "%s: %s", line, e.message);
}

Test(option, a_value_is_given_once)
{
    cr_assert_eq(read_line("--size 3 --size 12"), IL_EUSAGE);
    cr_assert(strstr(e.message, "--size: is given twice; expected once"), "%s", e.message);
    good("--set a=1 --set b=2");
}

Test(option, each_kind_goes_to_its_member)
{
    good("--loud -q --size 12 --part 0.25 --shape odd -o a.txt --colour green --double 21");
    cr_assert(got.loud && got.quiet);
    cr_assert_eq(got.size, 12);
    cr_assert_eq(got.part, 0.25);
    cr_assert_eq(got.shape, ODD);
    cr_assert_str_eq(got.output, "a.txt");
    cr_assert_str_eq(got.colour, "green");
    cr_assert_eq(got.twice, 42);
    cr_assert_eq(at, count, "no word is left");
    good("~");
    cr_assert(!got.loud && !got.quiet && got.size == 7 && !got.output, "what is not given stays");
    cr_assert_str_eq(words[at], "");
}

Test(option, every_way_to_write_one)
{
    static const char *const lines[] = { "--size=12", "--siz 12", "--si=12", "-s12", "-s 12", "-qs12", "-qs 12" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        good(lines[i]);
        cr_assert_eq(got.size, 12, "%s", lines[i]);
        cr_assert_eq(got.quiet, lines[i][1] == 'q', "%s", lines[i]);
    }
    good("--output --size");
    cr_assert_str_eq(got.output, "--size", "the next word is the value, whatever it looks like");
    good("-qo-");
    cr_assert_str_eq(got.output, "-");
}

Test(option, words_may_stand_anywhere)
{
    good("one -q two --size 3 - -- --loud three");
    static const char *const left[] = { "one", "two", "-", "--loud", "three" };
    cr_assert_eq(count - at, 5);
    for (int i = 0; i < 5; i++)
        cr_assert_str_eq(words[at + i], left[i]);
    cr_assert_null(words[at + 5]);
    cr_assert(got.quiet && !got.loud);
    cr_assert_eq(got.size, 3);
}

Test(option, help_ends_the_reading)
{
    static const char *const lines[] = { "--help", "-h", "--he --nonsense", "-qh", "word --size 3 --help --size x" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_assert_eq(read_line(lines[i]), IL_OPTION_HELP, "%s", lines[i]);
    cr_assert_eq(read_line("--size x --help"), IL_EUSAGE, "what stands before it is read");
}

Test(option, repeated_texts_keep_their_order_up_to_a_bound)
{
    char line[1000] = "";
    good("--set a=1 word --set b=2");
    cr_assert_eq(got.set.count, 2);
    cr_assert_str_eq(got.set.list[0], "a=1");
    cr_assert_str_eq(got.set.list[1], "b=2");
    cr_assert_null(got.set.list[2]);
    for (int i = 0; i < IL_TEXTS_MOST; i++)
        strcat(line, "--set=x ");
    good(line);
    cr_assert_eq(got.set.count, 64);
    cr_assert_null(got.set.list[64]);
    strcat(line, "--set=x ");
    cr_assert_eq(read_line(line), IL_EUSAGE);
    cr_assert_str_eq(e.message, "--set: may be given at most 64 times");
}

Test(option, bounds_belong_to_the_range)
{
    good("--size -2 --part 0");
    cr_assert(got.size == -2 && got.part == 0);
    good("--size 4194304 --part 1e0");
    cr_assert(got.size == 4194304 && got.part == 1);
}

Test(option, what_is_wrong_is_told_with_what_was_expected)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        { "--colur red", "try: unknown option '--colur'; did you mean '--colour'?; see 'inpaintlab try --help'" },
        { "--colur=red", "try: unknown option '--colur'; did you mean '--colour'?; see 'inpaintlab try --help'" },
        { "--nonsense", "try: unknown option '--nonsense'; see 'inpaintlab try --help'" },
        { "--loud -x", "try: unknown option '-x'; see 'inpaintlab try --help'" },
        { "--loud -qxo file", "try: unknown option '-x'; see 'inpaintlab try --help'" },
        { "--s 3", "try: '--s' is ambiguous: --size, --shape, --set" },
        { "--s=3", "try: '--s' is ambiguous: --size, --shape, --set" },
        { "--loud=yes", "try: --loud: takes no value" },
        { "--quiet=yes", "try: --quiet: takes no value" },
        { "--help=me", "try: --help: takes no value" },
        { "--outp", "try: --output: expected a value" },
        { "--loud -o", "try: -o: expected a value" },
        { "--loud -qo", "try: -o: expected a value" },
        { "--size 4194305", "--size: '4194305' is not a whole number from -2 to 4194304" },
        { "--size=-3", "--size: '-3' is not a whole number from -2 to 4194304" },
        { "--size 1.5", "--size: '1.5' is not a whole number from -2 to 4194304" },
        { "--size 3x", "--size: '3x' is not a whole number from -2 to 4194304" },
        { "--size ~", "--size: '' is not a whole number from -2 to 4194304" },
        { "-s 99999999999999999999", "--size: '99999999999999999999' is not a whole number from -2 to 4194304" },
        { "--part 1.01", "--part: '1.01' is not a number from 0 to 1" },
        { "--part -0.1", "--part: '-0.1' is not a number from 0 to 1" },
        { "--part nan", "--part: 'nan' is not a number from 0 to 1" },
        { "--part inf", "--part: 'inf' is not a number from 0 to 1" },
        { "--part x", "--part: 'x' is not a number from 0 to 1" },
        { "--shape falt", "--shape: 'falt' must be one of round, flat, odd; did you mean 'flat'?" },
        { "--shape round|flat", "--shape: 'round|flat' must be one of round, flat, odd" },
        { "--shape ~", "--shape: '' must be one of round, flat, odd" },
        { "--colour blue", "--colour: 'blue' must be one of red, green" },
        { "--double ~", "--double: expected something" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_assert_eq(read_line(cases[i].line), IL_EUSAGE, "%s", cases[i].line);
        cr_assert_str_eq(e.message, cases[i].message, "%s: %s", cases[i].line, e.message);
    }
    good("--size 12");
    cr_assert_eq(got.size, 12, "a line that failed in the middle of a word leaves nothing behind");
}

static void check_printed(FILE *to, char **text, const char *expected)
{
    cr_assert_eq(fclose(to), 0);
    cr_assert_str_eq(*text, expected, "%s", *text);
    free(*text);
}

Test(option, help_is_aligned_and_broken_at_120_columns)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    il_option_help(to, table);
    check_printed(
        to, &text,
        "  --loud             say all\n"
        "  -q, --quiet        say nothing\n"
        "  -s, --size N       a side\n"
        "  --part P           a share\n"
        "  --shape SHAPE      round, flat or odd\n"
        "  -o, --output FILE  write there\n"
        "  --colour COLOUR    red or green; this line is long enough that it has to be broken once, between two of its words, so\n"
        "                     that nothing stands behind column 120, and the rest begins below the first word of the line above\n"
        "  --set KEY=VALUE    may be repeated\n"
        "  --double N         odd\n"
        "  -h, --help         show this help\n");
}

Test(option, the_list_has_a_line_for_each)
{
    static const il_option two[] = { { "-o, --output FILE", "x", INTO(output) },
                                     { "--shape SHAPE", "x", INTO(shape), .choices = "round|flat|odd" },
                                     { 0 } };
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    il_option_list(to, two, "a b");
    check_printed(to, &text, "a b;-o --output;FILE;\na b;--shape;SHAPE;round|flat|odd\na b;-h --help;;\n");
}
