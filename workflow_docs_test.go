package gotgcall_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// makeCall finds "make A B X=y" in a command line of a workflow.
	makeCall = regexp.MustCompile(`\bmake((?: +[a-z][a-z-]*)+)`)
	// makeTarget is a rule of the Makefile with a help text: what people and workflows call.
	makeTarget = regexp.MustCompile(`(?m)^([a-z][a-z-]*):.*## `)
	// pinned is an action by its major version, or by its commit.
	pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})$`)
)

// workflow is a file of .github/workflows, as far as the tests read it: its lines, without comments.
type workflow struct {
	name  string
	lines []string
}

func workflows(t *testing.T) (list []workflow) {
	t.Helper()
	names, err := filepath.Glob(".github/workflows/*.yml")
	must(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		must(t, err)
		w := workflow{name: name}
		for line := range strings.Lines(string(text)) {
			code, _, _ := strings.Cut(line, " #")
			if code = strings.TrimRight(code, " \n"); code != "" && !strings.HasPrefix(code, "#") {
				w.lines = append(w.lines, code)
			}
		}
		list = append(list, w)
	}
	if len(list) == 0 {
		t.Fatal("there is no workflow")
	}
	return list
}

func TestWorkflowsCallTargetsThatTheMakefileHas(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	must(t, err)
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	called := map[string]bool{}
	for _, w := range workflows(t) {
		for _, line := range w.lines {
			_, command, isStep := strings.Cut(line, "run: ")
			if !isStep {
				continue
			}
			for _, m := range makeCall.FindAllStringSubmatch(command, -1) {
				if strings.Contains(command, "install ") {
					continue // the package of that name
				}
				for target := range strings.FieldsSeq(m[1]) {
					called[target] = true
					if !targets[target] {
						t.Errorf("%s: %q calls make %s, which the Makefile does not have", w.name, strings.TrimSpace(line), target)
					}
				}
			}
		}
	}
	for _, target := range []string{"test", "test-go", "test-slow", "lab", "soak", "vuln", "fuzz"} {
		if !called[target] {
			t.Errorf("no workflow calls make %s", target)
		}
	}
}

func TestWorkflowsMayOnlyReadAndRunWhatIsPinned(t *testing.T) {
	for _, w := range workflows(t) {
		text := "\n" + strings.Join(w.lines, "\n") + "\n"
		if !strings.Contains(text, "\npermissions:\n  contents: read\n") || strings.Count(text, "permissions:") != 1 || strings.Contains(text, ": write") {
			t.Errorf("%s: expected the permissions to be contents: read, and no others", w.name)
		}
		if !strings.Contains(text, "\nconcurrency:\n") || strings.Contains(text, "\t") || strings.Contains(text, "pull_request_target") {
			t.Errorf("%s: expected concurrency, no tabs, and not the rights of pull_request_target", w.name)
		}
		if jobs, bounded := strings.Count(text, "\n    runs-on: "), strings.Count(text, "\n    timeout-minutes: "); jobs == 0 || jobs != bounded {
			t.Errorf("%s: %d jobs, %d with timeout-minutes", w.name, jobs, bounded)
		}
		for _, line := range w.lines {
			if _, action, ok := strings.Cut(line, "uses: "); ok && !pinned.MatchString(action) {
				t.Errorf("%s: the action %s is not pinned to a major version or a commit", w.name, action)
			}
			// What a stranger can choose, as a branch's name, must not become a part of a command.
			if _, command, ok := strings.Cut(line, "run: "); ok && strings.Contains(command, "${{ github.") {
				t.Errorf("%s: %q puts a value of the event into a command", w.name, strings.TrimSpace(line))
			}
		}
	}
}
