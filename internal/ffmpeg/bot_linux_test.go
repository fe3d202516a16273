package ffmpeg

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func init() {
	roles["bot"] = roleBot
	roles["fdlimit"] = roleFDLimit
}

// roleBot is a program that plays eight things at once from one Runner while threads come and go around it. It prints the pids, then how
// many have died, and hangs.
func roleBot([]string) int {
	path, err := os.Executable()
	if err != nil {
		return 97
	}
	r := New(Config{Path: path})
	var procs []*Process
	for range 8 {
		p, err := r.Start(context.Background(), Command{Args: []string{"--role=hang"}})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 98
		}
		procs = append(procs, p)
		fmt.Println(p.Pid())
		churnThreads(64)
	}
	churnThreads(256)
	dead := 0
	for _, p := range procs {
		if !alive(p.Pid()) {
			dead++
		}
	}
	fmt.Println("dead", dead)
	return hang()
}

// churnThreads lets goroutines that are locked to their threads end, and the threads with them.
func churnThreads(n int) {
	for range n / 16 {
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() { runtime.LockOSThread() })
		}
		wg.Wait()
	}
}

func TestChildrenOutliveThreadsAndDieWithAKilledBot(t *testing.T) {
	bot := exec.Command(self(t), "--role=bot")
	bot.Stderr = os.Stderr
	out, err := bot.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := bot.Start(); err != nil {
		t.Fatal(err)
	}
	var pids []int
	dead := "?"
	within(t, "the bot", func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if pid, err := strconv.Atoi(lines.Text()); err == nil {
				pids = append(pids, pid)
			} else if n, ok := strings.CutPrefix(lines.Text(), "dead "); ok {
				dead = n
				return
			}
		}
	})
	if len(pids) != 8 || dead != "0" {
		t.Errorf("of %d children, want 8, %s died with a thread, want 0", len(pids), dead)
	}
	if err := bot.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = bot.Wait()
	for _, pid := range pids {
		eventually(t, fmt.Sprint("child ", pid, " died with the bot"), func() bool { return !alive(pid) })
	}
}

// roleFDLimit runs into the limit of open files, looks at the error, and goes on when the limit is lifted.
func roleFDLimit([]string) int {
	fail := func(args ...any) int { fmt.Println(args...); return 1 }
	path, err := os.Executable()
	if err != nil {
		return fail(err)
	}
	r := New(Config{Path: path})
	first, err := r.Start(context.Background(), Command{Args: []string{"--role=hang"}})
	if err != nil {
		return fail(err)
	}
	descriptors := func() (n int) { // those of pipes; others come and go in the background
		entries, _ := os.ReadDir("/proc/self/fd")
		for _, e := range entries {
			if target, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(target, "pipe:") || target == os.DevNull {
				n++
			}
		}
		return n
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fail(err)
	}
	before := descriptors()
	failures := 0
	for room := range 24 { // wherever it gets stuck on its way
		low := limit
		low.Cur = uint64(room)
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
			return fail(err)
		}
		p, err := r.Start(context.Background(), Command{Args: []string{"--role=hang"}, Input: true, Outputs: 2})
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return fail(err)
		}
		if err == nil {
			p.Stop()
		} else {
			failures++
			fmt.Println(err)
			if !isSpawnError(err, syscall.EMFILE) {
				return fail("wrong error")
			}
		}
		if after := descriptors(); after != before {
			return fail("descriptors before and after:", before, after)
		}
	}
	if failures < 8 {
		return fail("only", failures, "failures")
	}
	if first.Err() != nil || !alive(first.Pid()) {
		return fail("the first child was harmed:", first.Err())
	}
	second, err := r.Start(context.Background(), Command{Args: []string{"--role=hang"}})
	if err != nil {
		return fail("after the limit was lifted:", err)
	}
	if err := r.Close(); err != nil || alive(second.Pid()) {
		return fail("Close:", err)
	}
	fmt.Println("fine")
	return 0
}

func TestTooManyOpenFilesIsAnErrorAndPasses(t *testing.T) {
	cmd := exec.Command(self(t), "--role=fdlimit")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if text := string(out); err != nil || !strings.HasSuffix(text, "fine\n") || !strings.Contains(text, "raise its limit (ulimit -n)") {
		t.Errorf("%v:\n%s", err, text)
	}
}
