package media

import (
	"slices"
	"strings"
	"testing"
)

func TestACommandIsSplitAsAShellDoes(t *testing.T) {
	for line, want := range map[string][]string{
		``:                           nil,
		" \t\r\n ":                   nil,
		`a b  c`:                     {"a", "b", "c"},
		"a\nb\r\nc":                  {"a", "b", "c"},
		`'a b' "c d"`:                {"a b", "c d"},
		`'' a ""`:                    {"", "a", ""},
		`a''b""c`:                    {"abc"},
		`'a\b' "a\b"`:                {`a\b`, `a\b`},
		`"a\"b\\c\$d\` + "`" + `e"`:  {`a"b\c$d` + "`e"},
		`'it'\''s'`:                  {"it's"},
		`a\ b \'c\' \\`:              {"a b", "'c'", `\`},
		"a \\\n b":                   {"a", "b"},
		"a\\\nb \"c\\\nd\"":          {"ab", "cd"},
		"a \\\r\n b":                 {"a", "b"},
		"\\\n":                       nil,
		"'a\nb' \"c\nd\"":            {"a\nb", "c\nd"},
		`$HOME *.mp3 ~ #x {a,b} !`:   {"$HOME", "*.mp3", "~", "#x", "{a,b}", "!"},
		"`id` $(id)":                 {"`id`", "$(id)"},
		`a"b c"d'e f'g`:              {"ab cde fg"},
		`"|" '>' \; "&&"`:            {"|", ">", ";", "&&"},
		`a|b c;d e&f g>h x=1<2`:      {"a|b", "c;d", "e&f", "g>h", "x=1<2"},
		"\xff \u00fc\u00a0x":         {"\xff", "\u00fc\u00a0x"},
		`-filter_complex "[0:a]a;b"`: {"-filter_complex", "[0:a]a;b"},
	} {
		got, err := split(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
		} else if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, expected %q", line, got, want)
		}
	}
}

func TestACommandThatCannotBeSplitIsRefused(t *testing.T) {
	for line, part := range map[string]string{
		`a 'b`:            "single quote",
		`a "b`:            "double quote",
		`a "b\"`:          "double quote",
		`a 'b"`:           "single quote",
		`'`:               "single quote",
		`a \`:             "backslash",
		"a\x00b":          "NUL",
		`a | b`:           `"|"`,
		`a || b`:          `"||"`,
		`a && b`:          `"&&"`,
		`a & b`:           `"&"`,
		`a ; b`:           `";"`,
		`a < b`:           `"<"`,
		`a > b`:           `">"`,
		`a >b`:            `">b"`,
		`a 2>&1`:          `"2>&1"`,
		`a 2>/dev/null b`: "sh -c",
	} {
		words, err := split(line)
		if err == nil {
			t.Errorf("%q: became %q", line, words)
		} else if !strings.Contains(err.Error(), part) {
			t.Errorf("%q: the error does not say %q: %v", line, part, err)
		}
	}
}

// quoteShell writes words so that a shell reads them back.
func quoteShell(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(quoted, " ")
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{
		`ffmpeg -i 'a b.mp3' -c:a libopus pipe:1`, `a "b\"c" \ d ''`, "a\\\nb", `'`, `"\`, `\`, "a | b", "\x00", "x\r\ny", `""`, "'\n'",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		// Whatever the words of a command are, quoting brings them back.
		if fields := strings.Split(line, " "); !strings.ContainsRune(line, 0) {
			got, err := split(quoteShell(fields))
			if err != nil || !slices.Equal(got, fields) {
				t.Fatalf("%q came back as %q, %v", fields, got, err)
			}
		}
		words, err := split(line)
		if err != nil {
			if words != nil {
				t.Fatalf("%q: words %q and the error %v", line, words, err)
			}
			return
		}
		again, err := split(quoteShell(words))
		if err != nil || !slices.Equal(again, words) {
			t.Fatalf("%q became %q, which came back as %q, %v", line, words, again, err)
		}
		if len(strings.Join(words, "")) > len(line) {
			t.Fatalf("%q grew to %q", line, words)
		}
	})
}
