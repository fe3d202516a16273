package gotgcall_test

import (
	"os"
	"strings"
	"testing"

	"gotgcall"
)

// quickStart is the README's quick start, word for word; the test below holds them together.
func quickStart(chatID int64) error {
	client, err := gotgcall.New()
	if err != nil {
		return err // ffmpeg is missing, or an option is out of range
	}
	defer client.Close()

	over := make(chan error, 1)
	client.OnStreamEnd(func(chat int64, t gotgcall.StreamType, d gotgcall.Device, err error) {
		over <- err // nil: to its natural end
	})

	params, err := client.CreateCall(chatID) // what we offer
	if err != nil {
		return err
	}
	answer, err := join(chatID, params) // your phone.joinGroupCall; the params of updateGroupCallConnection
	if err != nil {
		return err
	}
	if err := client.Connect(chatID, answer); err != nil {
		return err
	}
	if err := client.SetStreamSources(chatID, gotgcall.FromFile("song.mp3")); err != nil {
		return err
	}
	return <-over // it plays meanwhile; Close would end it
}

func TestTheREADMEsQuickStartCompiles(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	must(t, err)
	source, err := os.ReadFile("readme_test.go")
	must(t, err)
	_, block, _ := strings.Cut(string(readme), "```go\n")
	block, _, found := strings.Cut(block, "```")
	if !found {
		t.Fatal("the README has no Go code")
	}
	_, body, _ := strings.Cut(string(source), "func quickStart(chatID int64) error {\n")
	body, _, _ = strings.Cut(body, "\n}\n")
	if unindent(block) != unindent(body) {
		t.Errorf("the README says\n%s\nand the compiled code is\n%s", unindent(block), unindent(body))
	}
	if err := quickStart(7); err == nil {
		t.Error("the quick start runs against a Telegram on loopback, which it must refuse, and says it succeeded")
	}
}

func unindent(code string) string {
	lines := strings.Split(strings.TrimSpace(code), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimSpace(l)
	}
	return strings.Join(lines, "\n")
}
