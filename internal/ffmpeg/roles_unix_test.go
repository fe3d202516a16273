//go:build unix

package ffmpeg

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// play is the main function of a role; it returns the exit code.
func play(name string, args []string) int {
	role, ok := roles[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "there is no role %q\n", name)
		return 99
	}
	return role(args)
}

var roles = map[string]func(args []string) int{
	"hang":     roleHang,
	"write":    roleWrite,
	"lines":    roleLines,
	"drip":     roleDrip,
	"flood":    roleFlood,
	"deaf":     roleDeaf,
	"helper":   roleHelper,
	"escape":   roleEscape,
	"closeout": roleCloseOut,
	"two":      roleTwo,
	"env":      roleEnv,
	"die":      roleDie,
	"bite":     roleBite,
	"swallow":  roleSwallow,
	"refuse":   roleRefuse,
	"bequeath": roleBequeath,
}

// hang stays alive long enough for any test and not for ever, should a test fail to kill it.
func hang() int {
	time.Sleep(time.Minute)
	return 0
}

func roleHang([]string) int { return hang() }

// roleWrite writes args[0] bytes to stdout, the words after args[1] to stderr, and exits with args[1].
func roleWrite(args []string) int {
	n, _ := strconv.Atoi(args[0])
	code, _ := strconv.Atoi(args[1])
	_, _ = os.Stdout.Write(pattern(n))
	_, _ = os.Stderr.WriteString(strings.Join(args[2:], " "))
	return code
}

// pattern is n bytes in which a lost or repeated part shows.
func pattern(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.Bytes()[:n]
}

// roleLines writes args[0] numbered lines to stderr and exits with 1.
func roleLines(args []string) int {
	n, _ := strconv.Atoi(args[0])
	for i := range n {
		fmt.Fprintf(os.Stderr, "line %d\n", i)
	}
	return 1
}

// roleDrip writes one byte each 5 ms until it is killed or nobody reads.
func roleDrip([]string) int {
	for range 12000 {
		if _, err := os.Stdout.WriteString("x"); err != nil {
			return 1
		}
		time.Sleep(5 * time.Millisecond)
	}
	return 0
}

// roleFlood writes args[0] MiB to stderr while it writes args[1] bytes to stdout.
func roleFlood(args []string) int {
	mib, _ := strconv.Atoi(args[0])
	n, _ := strconv.Atoi(args[1])
	out := make(chan error, 1)
	go func() {
		_, err := os.Stdout.Write(pattern(n))
		out <- err
	}()
	chunk := []byte(strings.Repeat("something went wrong, and it will again\n", 1<<20/40))
	for range mib {
		if _, err := os.Stderr.Write(chunk); err != nil {
			return 2
		}
	}
	if <-out != nil {
		return 3
	}
	return 0
}

// roleDeaf ignores every signal that can be ignored, says so, and hangs.
func roleDeaf([]string) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	fmt.Println("deaf")
	return hang()
}

// roleHelper starts a helper of role args[0] that holds stdout and stderr, prints its pid, and exits with args[1], or hangs.
func roleHelper(args []string) int {
	if startHelper(args[0], nil, nil) != 0 {
		return 98
	}
	if len(args) > 1 {
		code, _ := strconv.Atoi(args[1])
		return code
	}
	return hang()
}

// roleEscape starts a helper of role args[0] in a session of its own, prints its pid, and exits with 0.
func roleEscape(args []string) int {
	return startHelper(args[0], nil, &syscall.SysProcAttr{Setsid: true})
}

func startHelper(role string, stdin *os.File, attr *syscall.SysProcAttr) int {
	self, err := os.Executable()
	if err != nil {
		return 97
	}
	cmd := exec.Command(self, "--role="+role)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, attr
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 97
	}
	fmt.Printf("%d\n", cmd.Process.Pid)
	return 0
}

// roleCloseOut writes a little, closes stdout and hangs.
func roleCloseOut([]string) int {
	fmt.Print("bye")
	os.Stdout.Close()
	return hang()
}

// roleTwo writes "audio" to stdout and closes it, then "video" to descriptor 3, once, or with an argument until it is killed.
func roleTwo(args []string) int {
	fmt.Print("audio")
	os.Stdout.Close()
	video := os.NewFile(3, "video")
	if len(args) > 0 {
		for {
			if _, err := video.Write([]byte("video")); err != nil {
				return 1
			}
		}
	}
	if _, err := video.Write([]byte("video")); err != nil {
		return 1
	}
	return 0
}

// roleEnv prints the environment, and what stdin holds.
func roleEnv([]string) int {
	fmt.Println(strings.Join(os.Environ(), "\n"))
	stdin, err := io.ReadAll(os.Stdin)
	fmt.Printf("STDIN %q %v\n", stdin, err)
	return 0
}

// roleDie kills itself by signal args[0].
func roleDie(args []string) int {
	n, _ := strconv.Atoi(args[0])
	_, _ = os.Stdout.Write(pattern(100))
	_ = syscall.Kill(os.Getpid(), syscall.Signal(n))
	return hang()
}

// roleBite reads args[0] bytes of its stdin, writes the words after args[1] to stderr, and exits with args[1].
func roleBite(args []string) int {
	n, _ := strconv.Atoi(args[0])
	code, _ := strconv.Atoi(args[1])
	if _, err := io.ReadFull(os.Stdin, make([]byte, n)); err != nil {
		return 96
	}
	_, _ = os.Stderr.WriteString(strings.Join(args[2:], " "))
	return code
}

// roleSwallow reads its stdin to the end, telling stderr what it has got, and exits with args[0]. With "first" as args[1] it closes its
// stdout before that, with "last" after that; "hang" as the last argument makes it hang instead of exiting.
func roleSwallow(args []string) int {
	code, _ := strconv.Atoi(args[0])
	if slices.Contains(args, "first") {
		os.Stdout.Close()
	}
	buf := make([]byte, 64<<10)
	for total := 0; ; {
		n, err := os.Stdin.Read(buf)
		if total += n; err == io.EOF {
			break
		}
		fmt.Fprintf(os.Stderr, "got %d\n", total)
	}
	if slices.Contains(args, "last") {
		os.Stdout.Close()
	}
	if slices.Contains(args, "hang") {
		return hang()
	}
	return code
}

// roleRefuse closes its stdin and hangs.
func roleRefuse([]string) int {
	os.Stdin.Close()
	return hang()
}

// roleBequeath leaves its stdin to a helper that does not read it in a session of its own, prints its pid, and exits with 0, or hangs.
func roleBequeath(args []string) int {
	if code := startHelper("hang", os.Stdin, &syscall.SysProcAttr{Setsid: true}); code != 0 || len(args) == 0 {
		return code
	}
	return hang()
}
